package ml.helix.wolf.playground.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerEnvironmentTest {
    private static final Secret SECRET = new SecretBuilder()
            .addToData("token", Base64.getEncoder().encodeToString("hush".getBytes(StandardCharsets.UTF_8)))
            .build();

    @Test
    void eachKindOfSourceIsResolved() throws NotStartable {
        assertThat(environment("""
                env:
                - {name: PLAIN, value: x}
                - {name: EMPTY}
                - {name: WOLF_ID, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: metadata.name}}}
                - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
                - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                - {name: NODE_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
                - {name: RUNNER_TOKEN, valueFrom: {secretKeyRef: {name: wolf-token, key: token}}}
                - {name: AGENT_LISTEN, value: "$(POD_IP):9797"}
                """))
                .containsExactly(
                        Map.entry("PLAIN", "x"),
                        Map.entry("EMPTY", ""),
                        Map.entry("WOLF_ID", "p-1"),
                        Map.entry("NODE", "gpu-1"),
                        Map.entry("POD_IP", "127.0.0.11"),
                        Map.entry("NODE_IP", "127.0.0.11"),
                        Map.entry("RUNNER_TOKEN", "hush"),
                        Map.entry("AGENT_LISTEN", "127.0.0.11:9797"));
    }

    @ParameterizedTest
    @CsvSource({"$(A)/$(B),1/2", "$$(A),$(A)", "$(LATER),$(LATER)", "$(,$(", "$A,$A", "100$,100$", "$(A)$(A),11"})
    void referencesToEarlierVariablesAreExpanded(String text, String expanded) {
        assertThat(ContainerEnvironment.expand(text, Map.of("A", "1", "B", "2")))
                .isEqualTo(expanded);
    }

    @ParameterizedTest
    @CsvSource({
        "'{secretKeyRef: {name: nothing, key: token}}','secret \"nothing\" not found'",
        "'{secretKeyRef: {name: wolf-token, key: other}}','couldn''t find key other in secret \"wolf-token\"'",
        "'{fieldRef: {fieldPath: spec.nothing}}','unsupported fieldPath spec.nothing'"
    })
    void whatIsMissingKeepsTheContainerFromStarting(String from, String message) {
        assertThatThrownBy(() -> environment("env: [{name: X, valueFrom: " + from + "}]"))
                .isInstanceOfSatisfying(
                        NotStartable.class, e -> assertThat(e.reason()).isEqualTo("CreateContainerConfigError"))
                .hasMessage(message);
    }

    private static Map<String, String> environment(String container) throws NotStartable {
        Pod pod = Serialization.unmarshal("""
                apiVersion: v1
                kind: Pod
                metadata: {name: p-1, namespace: wolf, labels: {a/b: c}}
                spec:
                  nodeName: gpu-1
                  containers:
                  - name: agent
                """ + container.indent(4), Pod.class);
        return new ContainerEnvironment(
                        pod, "127.0.0.11", name -> Optional.of(SECRET).filter(secret -> name.equals("wolf-token")))
                .of(pod.getSpec().getContainers().getFirst());
    }
}
