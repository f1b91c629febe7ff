package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ml.helix.wolf.testkit.ValueTable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RealApiServer.class)
class ReconcileIT {
    private Trial trial;

    @BeforeEach
    void begin(RealApiServer.Running server) {
        trial = new Trial(server).operate();
    }

    @AfterEach
    void end() {
        trial.close();
    }

    @Test
    void missingSecretIsNamedAndOnceItIsThereTheAgentsRollOutWithoutARestart() throws Exception {
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RunnerTokenMissing"));
        assertThat(trial.verdict("Stalled")).isEqualTo("True RunnerTokenMissing");
        assertThat(trial.condition("Ready").getMessage()).contains("Secret wolf-token does not exist", "kubectl");
        assertThat(trial.daemonSet()).isNull();

        trial.token("t0k3n");
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
        assertThat(trial.verdict("Stalled")).startsWith("False");
        assertThat(trial.verdict("Reconciling")).startsWith("True");

        trial.rolledOut(0, 0);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True NoMatchingNodes"));
    }

    @Test
    void secretWithoutTheKeyIsAMissingTokenToo() throws Exception {
        trial.admin
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(trial.namespace)
                        .withName("wolf-token")
                        .endMetadata()
                        .withStringData(Map.of("other", "x"))
                        .build())
                .create();
        trial.apply("{}");
        Eventually.holds(
                () -> assertThat(trial.condition("Ready").getMessage()).contains("Secret wolf-token has no key token"));
    }

    @Test
    void missingCaBundleIsNamedAndOnceItIsThereTheAgentsRollOut() throws Exception {
        trial.token("t");
        trial.apply("{controlPlane: {url: 'https://h', caBundleRef: {name: helix-ca}}}");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True CaBundleMissing"));
        bundle(Map.of("ca.crt", "no certificate"));
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True CaBundleInvalid"));
        assertThat(trial.condition("Stalled").getMessage())
                .contains("ConfigMap helix-ca, key ca.crt", "line 1 should be -----BEGIN CERTIFICATE-----");
        assertThat(trial.daemonSet()).isNull();
        bundle(Map.of(
                "ca.crt",
                ValueTable.of("caBundle", true).findFirst().orElseThrow().text()));
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
    }

    private void bundle(Map<String, String> data) {
        trial.admin
                .configMaps()
                .inNamespace(trial.namespace)
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("helix-ca")
                        .endMetadata()
                        .withData(data)
                        .build())
                .serverSideApply();
    }

    @Test
    void tokenThatNoAgentCouldSendIsToldAndNeverShown() throws Exception {
        trial.token("with a space");
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True RunnerTokenInvalid"));
        assertThat(trial.condition("Stalled").getMessage())
                .contains("Secret wolf-token, key token has a space or a line break inside")
                .doesNotContain("s3cr3t");
        assertThat(trial.daemonSet()).isNull();
        trial.token("t0k3n");
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
    }

    @Test
    void whatItMakesIsOwnedByTheTunnelSoThatNothingOfItIsLeft() throws Exception {
        rolledOut("{}");
        for (HasMetadata owned : List.of(trial.daemonSet(), trial.serviceAccount())) {
            assertThat(owned.getMetadata().getOwnerReferences()).singleElement().satisfies(owner -> {
                assertThat(owner.getUid())
                        .isEqualTo(trial.tunnel().getMetadata().getUid());
                assertThat(owner.getApiVersion()).isEqualTo("wolf.helix.ml/v1alpha1");
                assertThat(owner.getKind()).isEqualTo("WolfTunnel");
                assertThat(owner.getController()).isTrue();
                assertThat(owner.getBlockOwnerDeletion()).isTrue();
            });
            assertThat(owned.getMetadata().getFinalizers()).isEmpty();
        }
        assertThat(trial.tunnel().getMetadata().getFinalizers()).isEmpty();
    }

    @Test
    void lookingAgainAndAgainAndStartingAgainWritesNothing() throws Exception {
        rolledOut("{wolf: {container: {image: wolf, resources: {limits: {cpu: 1000m, memory: 1024Mi}}}}}");
        trial.rolledOut(0, 0);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True NoMatchingNodes"));
        var before = List.of(text(trial.tunnel()), text(trial.daemonSet()), text(trial.serviceAccount()));

        for (int round = 0; round < 3; round++) {
            double looks = trial.looks();
            trial.touchSecret("round", String.valueOf(round));
            Eventually.holds(() -> assertThat(trial.looks()).isGreaterThan(looks));
        }
        trial.operate();
        Eventually.holds(() -> assertThat(trial.looks()).isPositive());
        trial.touchSecret("round", "99");
        Eventually.holds(() -> assertThat(trial.looks()).isGreaterThan(1));

        assertThat(List.of(text(trial.tunnel()), text(trial.daemonSet()), text(trial.serviceAccount())))
                .isEqualTo(before);
    }

    @Test
    void tunnelItselfIsNeverWrittenButForItsStatus() throws Exception {
        rolledOut("{}");
        Eventually.holds(() -> assertThat(trial.tunnel().getStatus()).isNotNull());
        var tunnel = trial.tunnel();
        assertThat(tunnel.getMetadata().getGeneration()).isEqualTo(1);
        assertThat(tunnel.getMetadata().getManagedFields())
                .filteredOn(entry -> entry.getManager().equals("wolf-tunnel-operator"))
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.getSubresource()).isEqualTo("status");
                    assertThat(entry.getFieldsV1().getAdditionalProperties()).containsOnlyKeys("f:status");
                });
    }

    @Test
    void fieldsOfOthersAreLeftAloneWhenTheTemplateChanges() throws Exception {
        rolledOut("{}");
        trial.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editMetadata()
                .addToAnnotations("injector.example.com/status", "injected")
                .endMetadata()
                .editSpec()
                .editTemplate()
                .editMetadata()
                .addToAnnotations("kubectl.kubernetes.io/restartedAt", "2026-01-01T00:00:00Z")
                .endMetadata()
                .endTemplate()
                .endSpec()
                .build());
        trial.apply("{agent: {drainSeconds: 77}}");
        Eventually.holds(() -> assertThat(
                        trial.daemonSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(87));
        assertThat(trial.daemonSet().getMetadata().getAnnotations())
                .containsEntry("injector.example.com/status", "injected");
        assertThat(trial.daemonSet().getSpec().getTemplate().getMetadata().getAnnotations())
                .containsEntry("kubectl.kubernetes.io/restartedAt", "2026-01-01T00:00:00Z");
    }

    @Test
    void fieldOfItsOwnThatSomebodyChangesIsPutRight() throws Exception {
        rolledOut("{}");
        trial.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editSpec()
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .withImage("somebody:else")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build());
        Eventually.holds(() -> assertThat(trial.agentImage()).isEqualTo("agent:1"));
    }

    @Test
    void daemonSetThatSomebodyDeletesIsMadeAgain() throws Exception {
        rolledOut("{}");
        var uid = trial.daemonSet().getMetadata().getUid();
        trial.daemonSetResource().delete();
        Eventually.holds(
                () -> assertThat(trial.daemonSet().getMetadata().getUid()).isNotEqualTo(uid));
    }

    @Test
    void newTokenRollsThePodsOnceAndTheAnnotationDoesNotRevealIt() throws Exception {
        trial.token("hunter2");
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
        var before = generation();
        trial.touchSecret("round", "1");
        trial.token("hunter3");
        Eventually.holds(() -> assertThat(generation()).isNotEqualTo(before));
        assertThat(generation()).matches("[0-9a-f]{16}");
        double looks = trial.looks();
        trial.admin
                .secrets()
                .inNamespace(trial.namespace)
                .withName("wolf-token")
                .edit(secret -> new SecretBuilder(secret)
                        .addToStringData("other", "key")
                        .build());
        Eventually.holds(() -> assertThat(trial.looks()).isGreaterThan(looks));
        assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(2);
        assertThat(trial.writes())
                .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                .as("one for the DaemonSet, one for the new token")
                .hasSize(2);
    }

    @Test
    void newTokenDeliveredByFileChangesNothingOfTheDaemonSet() throws Exception {
        rolledOut("{runnerToken: {secretRef: {name: wolf-token}, delivery: File}}");
        var before = text(trial.daemonSet());
        double looks = trial.looks();
        trial.token("another");
        Eventually.holds(() -> assertThat(trial.looks()).isGreaterThan(looks));
        assertThat(text(trial.daemonSet())).isEqualTo(before);
    }

    @Test
    void deletedSecretLeavesWhatRunsAlone() throws Exception {
        rolledOut("{}");
        var before = text(trial.daemonSet());
        trial.admin
                .secrets()
                .inNamespace(trial.namespace)
                .withName("wolf-token")
                .delete();
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RunnerTokenMissing"));
        assertThat(text(trial.daemonSet())).isEqualTo(before);
    }

    @Test
    void pausedTunnelKeepsItsDaemonSetAsItIsAndSaysSo() throws Exception {
        rolledOut("{}");
        trial.rolledOut(0, 0);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True NoMatchingNodes"));
        trial.apply("{paused: true}");
        Eventually.holds(() -> assertThat(trial.verdict("Reconciling")).isEqualTo("False Paused"));
        assertThat(trial.verdict("Ready")).isEqualTo("True NoMatchingNodes");
        var before = text(trial.daemonSet());

        trial.apply("{paused: true, agent: {image: 'agent:2'}}");
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False Paused"));
        assertThat(text(trial.daemonSet())).isEqualTo(before);

        trial.apply("{agent: {image: 'agent:2'}}");
        Eventually.holds(() -> assertThat(trial.agentImage()).isEqualTo("agent:2"));
    }

    @Test
    void whatTheApiServerRefusesIsSaidWithItsWordsAndRetriedAfterAChange() throws Exception {
        trial.token("t");
        trial.apply("{pod: {volumes: [{name: data, hostPath: {}}]}}");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True ApplyRefused"));
        assertThat(trial.condition("Ready").getMessage()).contains("hostPath.path: Required value");
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{wolf: {address: 'unix:///run/wolf/wolf.sock'}}",
                "{wolf: {address: 'unix:///run/wolf/wolf.sock', container: {image: wolf}}}",
                "{wolf: {address: '$(NODE_IP):8080'}, wolfId: {source: NodeName, prefix: lab-}}",
                "{runnerToken: {secretRef: {name: wolf-token}, delivery: File}, agent: {port: 9000}}",
                "{pod: {hostNetwork: false, nodeSelector: {a: b}, labels: {c: d}, annotations: {e: f}}}",
                "{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 3}}, agent: {env: [{name: A, value: B}], resources: {limits: {cpu: 1}}}}",
                "{pod: {securityContext: {runAsUser: 0, supplementalGroups: [44]}, tolerations: [{operator: Exists}]}}",
            })
    void thereAndBackLeavesWhatAFreshStartMakes(String detour) throws Exception {
        rolledOut("{}");
        var plain = spec();
        trial.apply(detour);
        Eventually.holds(() ->
                assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(2));
        var detoured = spec();
        trial.apply("{}");
        Eventually.holds(() ->
                assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(3));
        assertThat(spec()).isEqualTo(plain);

        trial.apply(detour);
        Eventually.holds(() -> assertThat(spec()).isEqualTo(detoured));
        trial.daemonSetResource().delete();
        Eventually.holds(() -> assertThat(spec()).isEqualTo(detoured));
    }

    @Test
    void podsOfEveryWatchedNamespaceAreKnownToAnOperatorThatStartsBesideThem(RealApiServer.Running server)
            throws Exception {
        try (var other = new Trial(server)) {
            var both = List.of(trial, other);
            var namespaces = Set.of(trial.namespace, other.namespace);
            trial.operate(trial.setup().watching(namespaces));
            for (var each : both) {
                each.token("t0k3n");
                each.apply("{}");
                Eventually.holds(() -> assertThat(each.daemonSet()).isNotNull());
                each.podRuns("node-1", "127.0.0.1", true);
                each.rolledOut(1, 1);
            }

            trial.operate(trial.setup().watching(namespaces));
            for (var each : both) {
                each.podRuns("node-2", "127.0.0.2", true);
                each.rolledOut(2, 2);
            }
            for (var each : both) {
                Eventually.holds(
                        () -> assertThat(each.tunnel().getStatus().summary()).isEqualTo("2/2 connected"));
            }
        }
    }

    private void rolledOut(String spec) throws Exception {
        trial.token("t0k3n");
        trial.apply(spec);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
    }

    private String generation() {
        return trial.daemonSet()
                .getSpec()
                .getTemplate()
                .getMetadata()
                .getAnnotations()
                .get("wolf.helix.ml/token-generation");
    }

    private String spec() {
        return trial.admin.getKubernetesSerialization().asYaml(trial.daemonSet().getSpec());
    }

    private String text(HasMetadata object) {
        return trial.admin.getKubernetesSerialization().asYaml(object);
    }
}
