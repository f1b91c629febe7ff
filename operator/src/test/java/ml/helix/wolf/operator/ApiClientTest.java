package ml.helix.wolf.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApiClientTest {

    @Test
    void managedFieldsAreOneTextThatDiffersIfAFieldDoes() {
        try (var client = ApiClient.of(Config.empty()).build()) {
            var two = fields(client, "{\"f:metadata\":{\"f:labels\":{\"f:a\":{},\"f:b\":{}}}}");
            var one = fields(client, "{\"f:metadata\":{\"f:labels\":{\"f:a\":{}}}}");

            assertThat(two.getFirst().getFieldsV1().getAdditionalProperties())
                    .containsOnlyKeys("json")
                    .containsValue("{\"f:metadata\":{\"f:labels\":{\"f:a\":{},\"f:b\":{}}}}");
            assertThat(two).isNotEqualTo(one);
            assertThat(two.getFirst().getManager()).isEqualTo("somebody");
        }
    }

    private static List<ManagedFieldsEntry> fields(KubernetesClient client, String fields) {
        var text = """
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "managedFields":
                  [{"manager": "somebody", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": %s}]}}
                """.formatted(fields);
        return client.getKubernetesSerialization()
                .unmarshal(text, ServiceAccount.class)
                .getMetadata()
                .getManagedFields();
    }
}
