package ml.helix.wolf.operator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.http.PingingClientFactory;

/** The Kubernetes client as a {@link WolfTunnelOperator} needs it. */
public final class ApiClient {
    /** The client doubles it five times at most. */
    private static final Duration FIRST_RECONNECT_DELAY = Duration.ofMillis(250);

    private ApiClient() {}

    /**
     * Its watches return within 8 s after an outage of the API server, instead of 32 s, and notice a connection that is dead. Of {@code managedFields} it reads
     * the operator's own, as text, which can be compared. What it has read must not be sent back.
     */
    public static KubernetesClientBuilder of(Config base) {
        var json = new ObjectMapper().addMixIn(ObjectMeta.class, MetadataMixIn.class);
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(base)
                        .withWatchReconnectInterval((int) FIRST_RECONNECT_DELAY.toMillis())
                        .build())
                .withHttpClientFactory(new PingingClientFactory())
                .withKubernetesSerialization(new KubernetesSerialization(json, true));
    }

    /** As maps of maps, the fields of all managers would take most of an object's memory in a cache. */
    private static final class OwnFieldsAsText extends StdDeserializer<List<ManagedFieldsEntry>> {
        private static final long serialVersionUID = 1L;

        OwnFieldsAsText() {
            super(List.class);
        }

        @Override
        public List<ManagedFieldsEntry> deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            var own = new ArrayList<ManagedFieldsEntry>(1);
            for (JsonNode entry : context.readTree(parser)) {
                if (AgentMetadata.FIELD_MANAGER.equals(entry.path("manager").asText()) && !entry.has("subresource")) {
                    var fields = new FieldsV1();
                    fields.setAdditionalProperty("json", entry.path("fieldsV1").toString());
                    own.add(new ManagedFieldsEntryBuilder()
                            .withManager(AgentMetadata.FIELD_MANAGER)
                            .withOperation(entry.path("operation").asText())
                            .withFieldsV1(fields)
                            .build());
                }
            }
            return own;
        }
    }

    /** What kubectl keeps for itself: the whole manifest once more; of a Secret, its content too. */
    private static final class WithoutLastApplied extends StdDeserializer<Map<String, String>> {
        private static final long serialVersionUID = 1L;

        WithoutLastApplied() {
            super(Map.class);
        }

        @Override
        public Map<String, String> deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            var annotations = new LinkedHashMap<String, String>();
            context.readTree(parser)
                    .properties()
                    .forEach(entry ->
                            annotations.put(entry.getKey(), entry.getValue().asText()));
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            return annotations;
        }
    }

    private interface MetadataMixIn {
        @JsonDeserialize(using = WithoutLastApplied.class)
        void setAnnotations(Map<String, String> annotations);

        @JsonDeserialize(using = OwnFieldsAsText.class)
        void setManagedFields(List<ManagedFieldsEntry> fields);
    }
}
