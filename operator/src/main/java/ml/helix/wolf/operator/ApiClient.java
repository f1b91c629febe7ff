package ml.helix.wolf.operator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.time.Duration;
import ml.helix.wolf.operator.http.PingingClientFactory;

/** The Kubernetes client as a {@link WolfTunnelOperator} needs it. */
public final class ApiClient {
    /** The client doubles it five times at most. */
    private static final Duration FIRST_RECONNECT_DELAY = Duration.ofMillis(250);

    private ApiClient() {}

    /**
     * Its watches return within 8 s after an outage of the API server, instead of 32 s, and notice a connection that is dead. It reads {@code managedFields} as text,
     * which can be compared but must not be sent back.
     */
    public static KubernetesClientBuilder of(Config base) {
        var json = new ObjectMapper()
                .registerModule(new SimpleModule().addDeserializer(FieldsV1.class, new FieldsAsText()));
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(base)
                        .withWatchReconnectInterval((int) FIRST_RECONNECT_DELAY.toMillis())
                        .build())
                .withHttpClientFactory(new PingingClientFactory())
                .withKubernetesSerialization(new KubernetesSerialization(json, true));
    }

    /** As maps of maps, managedFields would take most of an object's memory in a cache. */
    private static final class FieldsAsText extends StdDeserializer<FieldsV1> {
        private static final long serialVersionUID = 1L;

        FieldsAsText() {
            super(FieldsV1.class);
        }

        @Override
        public FieldsV1 deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            var fields = new FieldsV1();
            fields.setAdditionalProperty("json", context.readTree(parser).toString());
            return fields;
        }
    }
}
