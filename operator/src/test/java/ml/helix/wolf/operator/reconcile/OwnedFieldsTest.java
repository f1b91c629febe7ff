package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnedFieldsTest {
    private static final String OBJECT = """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata:
              name: d
              labels: {ours: a, theirs: b}
              finalizers: [ours/f, theirs/f]
              managedFields:
              - manager: we
                operation: Apply
                fieldsV1:
                  f:metadata:
                    f:labels: {f:ours: {}}
                    f:finalizers: {'v:"ours/f"': {}}
                  f:spec:
                    f:template:
                      f:spec:
                        f:nodeSelector: {}
                        f:containers:
                          'k:{"name":"agent"}':
                            .: {}
                            f:name: {}
                            f:image: {}
                            f:ports:
                              'k:{"containerPort":9797,"protocol":"TCP"}': {.: {}, f:name: {}}
              - manager: we
                operation: Apply
                subresource: status
                fieldsV1: {f:status: {f:desiredNumberScheduled: {}}}
            spec:
              template:
                spec:
                  dnsPolicy: ClusterFirst
                  nodeSelector: {gpu: a100}
                  containers:
                  - {name: mesh, image: 'mesh:1'}
                  - name: agent
                    image: agent:1
                    imagePullPolicy: Always
                    ports: [{containerPort: 9797, protocol: TCP, name: status}]
            status: {desiredNumberScheduled: 3}
            """;

    @ParameterizedTest
    @CsvSource({
        "ours: a, ours: c",
        "gpu: a100, gpu: h100",
        "gpu: a100, 'gpu: a100, more: x'",
        "'agent:1', 'agent:2'",
        "name: status, name: other",
        "9797, 9798",
        "ours/f, another/f",
        "f:image: {}, f:imagePullPolicy: {}",
    })
    void changeOfAnOwnedFieldIsAChange(String before, String after) {
        assertThat(digest(OBJECT.replace(before, after))).isNotEqualTo(digest(OBJECT));
    }

    @ParameterizedTest
    @CsvSource({
        "theirs: b, theirs: c",
        "ClusterFirst, Default",
        "'mesh:1', 'mesh:2'",
        "Always, Never",
        "theirs/f, others/f",
        "desiredNumberScheduled: 3, desiredNumberScheduled: 4",
        "name: d, 'name: d, generation: 7'",
    })
    void changeOfFieldsOfOthersIsNone(String before, String after) {
        assertThat(OBJECT).contains(before);
        assertThat(digest(OBJECT.replace(before, after.replace(", gen", "\n  gen"))))
                .isEqualTo(digest(OBJECT));
    }

    @Test
    void fieldsThatTheClientKeepsAsTextMeanTheSame() {
        var object = object(OBJECT);
        var before = OwnedFields.digest(object, "we");
        object.getMetadata().getManagedFields().forEach(entry -> {
            var fields = entry.getFieldsV1();
            var text = new KubernetesSerialization().asJson(fields);
            fields.getAdditionalProperties().clear();
            fields.setAdditionalProperty("json", text);
        });
        assertThat(OwnedFields.digest(object, "we")).isEqualTo(before);
    }

    private static String digest(String yaml) {
        return OwnedFields.digest(object(yaml), "we");
    }

    private static DaemonSet object(String yaml) {
        return new KubernetesSerialization().unmarshal(yaml, DaemonSet.class);
    }
}
