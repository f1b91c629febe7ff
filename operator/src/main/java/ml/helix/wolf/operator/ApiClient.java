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

/** The Kubernetes client as a {@link WolfTunnelOperator} needs it. */
public final class ApiClient {
    /** Doubled five times at most. */
    private static final Duration FIRST_RECONNECT = Duration.ofMillis(250);

    private ApiClient() {}

    /**
     * Watches come back within 8 s of an API server that was away, instead of 32; and who manages which field is text, which
     * can be compared, but must not be sent back.
     */
    public static KubernetesClientBuilder of(Config given) {
        var json = new ObjectMapper()
                .registerModule(new SimpleModule().addDeserializer(FieldsV1.class, new FieldsAsText()));
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(given)
                        .withWatchReconnectInterval((int) FIRST_RECONNECT.toMillis())
                        .build())
                .withKubernetesSerialization(new KubernetesSerialization(json, true));
    }

    /** A map for each field is most of what an object with its managedFields takes in a cache. */
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
