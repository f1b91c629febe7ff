package ml.helix.wolf.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ApiClientTest {

    @Test
    void ownManagedFieldsAreOneTextThatDiffersIfAFieldDoes() {
        try (var client = ApiClient.of(Config.empty()).build()) {
            var two = fields(client, entry("wolf-tunnel-operator", "", "{\"f:labels\":{\"f:a\":{},\"f:b\":{}}}"));
            var one = fields(client, entry("wolf-tunnel-operator", "", "{\"f:labels\":{\"f:a\":{}}}"));

            assertThat(two.getFirst().getFieldsV1().getAdditionalProperties())
                    .containsOnlyKeys("json")
                    .containsValue("{\"f:labels\":{\"f:a\":{},\"f:b\":{}}}");
            assertThat(two).isNotEqualTo(one);
        }
    }

    @Test
    void otherManagersFieldsAreNotKept() {
        try (var client = ApiClient.of(Config.empty()).build()) {
            var fields = fields(
                    client,
                    entry("kubectl-client-side-apply", "", "{\"f:spec\":{}}"),
                    entry("wolf-tunnel-operator", "status", "{\"f:status\":{}}"),
                    entry("wolf-tunnel-operator", "", "{\"f:spec\":{}}"));

            assertThat(fields).hasSize(1);
            assertThat(fields.getFirst().getOperation()).isEqualTo("Apply");
            assertThat(fields.getFirst().getFieldsV1().getAdditionalProperties())
                    .containsValue("{\"f:spec\":{}}");
        }
    }

    @Test
    void theManifestThatKubectlAppliedIsNotKept() {
        try (var client = ApiClient.of(Config.empty()).build()) {
            var read = client.getKubernetesSerialization().unmarshal("""
                    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations":
                      {"kubectl.kubernetes.io/last-applied-configuration": "{}", "other": "kept"}}}
                    """, Secret.class);
            assertThat(read.getMetadata().getAnnotations()).containsExactly(Map.entry("other", "kept"));
        }
    }

    private static String entry(String manager, String subresource, String fields) {
        return """
                {"manager": "%s", "operation": "Apply", %s "fieldsType": "FieldsV1", "fieldsV1": %s}""".formatted(manager, subresource.isEmpty() ? "" : "\"subresource\": \"" + subresource + "\",", fields);
    }

    private static List<ManagedFieldsEntry> fields(KubernetesClient client, String... entries) {
        var text = """
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "managedFields": [%s]}}
                """.formatted(String.join(",", entries));
        return client.getKubernetesSerialization()
                .unmarshal(text, ServiceAccount.class)
                .getMetadata()
                .getManagedFields();
    }
}
