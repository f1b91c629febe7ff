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
    private Testbed testbed;

    @BeforeEach
    void setUp(RealApiServer.Running server) {
        testbed = new Testbed(server).operate();
    }

    @AfterEach
    void tearDown() {
        testbed.close();
    }

    @Test
    void missingSecretIsNamedAndOnceItIsThereTheAgentsRollOutWithoutARestart() throws Exception {
        testbed.apply("{}");
        testbed.awaitCondition("Ready", "False RunnerTokenMissing");
        assertThat(testbed.statusAndReason("Stalled")).isEqualTo("True RunnerTokenMissing");
        assertThat(testbed.condition("Ready").getMessage()).contains("Secret wolf-token does not exist", "kubectl");
        assertThat(testbed.daemonSet()).isNull();

        testbed.token("t0k3n");
        testbed.awaitCondition("Ready", "False RollingOut");
        assertThat(testbed.statusAndReason("Stalled")).startsWith("False");
        assertThat(testbed.statusAndReason("Reconciling")).startsWith("True");

        testbed.rolledOut(0, 0);
        testbed.awaitCondition("Ready", "True NoMatchingNodes");
    }

    @Test
    void secretWithoutTheKeyIsAMissingTokenToo() throws Exception {
        testbed.admin
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(testbed.namespace)
                        .withName("wolf-token")
                        .endMetadata()
                        .withStringData(Map.of("other", "x"))
                        .build())
                .create();
        testbed.apply("{}");
        Eventually.holds(() ->
                assertThat(testbed.condition("Ready").getMessage()).contains("Secret wolf-token has no key token"));
    }

    @Test
    void missingCaBundleIsNamedAndOnceItIsThereTheAgentsRollOut() throws Exception {
        testbed.token("t");
        testbed.apply("{controlPlane: {url: 'https://h', caBundleRef: {name: helix-ca}}}");
        testbed.awaitCondition("Stalled", "True CaBundleMissing");
        bundle(Map.of("ca.crt", "no certificate"));
        testbed.awaitCondition("Stalled", "True CaBundleInvalid");
        assertThat(testbed.condition("Stalled").getMessage())
                .contains("ConfigMap helix-ca, key ca.crt", "line 1 should be -----BEGIN CERTIFICATE-----");
        assertThat(testbed.daemonSet()).isNull();
        bundle(Map.of(
                "ca.crt",
                ValueTable.of("caBundle", true).findFirst().orElseThrow().text()));
        testbed.awaitDaemonSet();
    }

    private void bundle(Map<String, String> data) {
        testbed.admin
                .configMaps()
                .inNamespace(testbed.namespace)
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("helix-ca")
                        .endMetadata()
                        .withData(data)
                        .build())
                .serverSideApply();
    }

    @Test
    void tokenThatNoAgentCouldSendIsReportedAndNeverShown() throws Exception {
        testbed.token("with a space");
        testbed.apply("{}");
        testbed.awaitCondition("Stalled", "True RunnerTokenInvalid");
        assertThat(testbed.condition("Stalled").getMessage())
                .contains("Secret wolf-token, key token has a space or a line break inside")
                .doesNotContain("s3cr3t");
        assertThat(testbed.daemonSet()).isNull();
        testbed.token("t0k3n");
        testbed.awaitDaemonSet();
    }

    /** The API server completes the token's volume, which must be no difference either. */
    @Test
    void serviceAccountTokenNeedsNoSecret() throws Exception {
        testbed.operate();
        var spec = "{runnerToken: {serviceAccountToken: {audience: wolf-control-plane, expirationSeconds: %d}}}";
        testbed.apply(spec.formatted(600));
        testbed.awaitCondition("Ready", "False RollingOut");
        var volumes = testbed.daemonSet().getSpec().getTemplate().getSpec().getVolumes();
        assertThat(volumes).singleElement().satisfies(volume -> assertThat(
                        volume.getProjected().getSources().getFirst().getServiceAccountToken())
                .hasFieldOrPropertyWithValue("audience", "wolf-control-plane")
                .hasFieldOrPropertyWithValue("expirationSeconds", 600L));
        assertThat(testbed.daemonSet().getSpec().getTemplate().getMetadata().getAnnotations())
                .as("a new token must not roll the pods")
                .isNullOrEmpty();
        testbed.apply(spec.formatted(1200));
        testbed.awaitDaemonSet(2);
    }

    @Test
    void objectsAreOwnedByTheWolfTunnelSoThatNoneIsLeft() throws Exception {
        rolledOut("{}");
        for (HasMetadata owned : List.of(testbed.daemonSet(), testbed.serviceAccount())) {
            assertThat(owned.getMetadata().getOwnerReferences()).singleElement().satisfies(owner -> {
                assertThat(owner.getUid())
                        .isEqualTo(testbed.resource().getMetadata().getUid());
                assertThat(owner.getApiVersion()).isEqualTo("wolf.helix.ml/v1alpha1");
                assertThat(owner.getKind()).isEqualTo("WolfTunnel");
                assertThat(owner.getController()).isTrue();
                assertThat(owner.getBlockOwnerDeletion()).isTrue();
            });
            assertThat(owned.getMetadata().getFinalizers()).isEmpty();
        }
        assertThat(testbed.resource().getMetadata().getFinalizers()).isEmpty();
    }

    @Test
    void furtherPassesAndARestartWriteNothing() throws Exception {
        rolledOut("{wolf: {container: {image: wolf, resources: {limits: {cpu: 1000m, memory: 1024Mi}}}}}");
        testbed.rolledOut(0, 0);
        testbed.awaitCondition("Ready", "True NoMatchingNodes");
        var before = List.of(text(testbed.resource()), text(testbed.daemonSet()), text(testbed.serviceAccount()));

        for (int round = 0; round < 3; round++) {
            double passes = testbed.passes();
            testbed.touchSecret("round", String.valueOf(round));
            Eventually.holds(() -> assertThat(testbed.passes()).isGreaterThan(passes));
        }
        testbed.operate();
        Eventually.holds(() -> assertThat(testbed.passes()).isPositive());
        testbed.touchSecret("round", "99");
        Eventually.holds(() -> assertThat(testbed.passes()).isGreaterThan(1));

        assertThat(List.of(text(testbed.resource()), text(testbed.daemonSet()), text(testbed.serviceAccount())))
                .isEqualTo(before);
    }

    @Test
    void nothingButTheStatusOfAWolfTunnelIsWritten() throws Exception {
        rolledOut("{}");
        Eventually.holds(() -> assertThat(testbed.resource().getStatus()).isNotNull());
        var resource = testbed.resource();
        assertThat(resource.getMetadata().getGeneration()).isEqualTo(1);
        assertThat(resource.getMetadata().getManagedFields())
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
        testbed.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
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
        testbed.apply("{agent: {drainSeconds: 77}}");
        Eventually.holds(() -> assertThat(
                        testbed.daemonSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(87));
        assertThat(testbed.daemonSet().getMetadata().getAnnotations())
                .containsEntry("injector.example.com/status", "injected");
        assertThat(testbed.daemonSet().getSpec().getTemplate().getMetadata().getAnnotations())
                .containsEntry("kubectl.kubernetes.io/restartedAt", "2026-01-01T00:00:00Z");
    }

    @Test
    void ownFieldThatSomebodyChangesIsRestored() throws Exception {
        rolledOut("{}");
        testbed.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
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
        Eventually.holds(() -> assertThat(testbed.agentImage()).isEqualTo("agent:1"));
    }

    @Test
    void deletedDaemonSetIsMadeAgain() throws Exception {
        rolledOut("{}");
        var uid = testbed.daemonSet().getMetadata().getUid();
        testbed.daemonSetResource().delete();
        Eventually.holds(
                () -> assertThat(testbed.daemonSet().getMetadata().getUid()).isNotEqualTo(uid));
    }

    @Test
    void newTokenRollsThePodsOnceAndTheAnnotationDoesNotRevealIt() throws Exception {
        testbed.token("hunter2");
        testbed.apply("{}");
        testbed.awaitDaemonSet();
        var before = generation();
        testbed.touchSecret("round", "1");
        testbed.token("hunter3");
        Eventually.holds(() -> assertThat(generation()).isNotEqualTo(before));
        assertThat(generation()).matches("[0-9a-f]{16}");
        double passes = testbed.passes();
        testbed.admin
                .secrets()
                .inNamespace(testbed.namespace)
                .withName("wolf-token")
                .edit(secret -> new SecretBuilder(secret)
                        .addToStringData("other", "key")
                        .build());
        Eventually.holds(() -> assertThat(testbed.passes()).isGreaterThan(passes));
        assertThat(testbed.daemonSet().getMetadata().getGeneration()).isEqualTo(2);
        assertThat(testbed.writes())
                .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                .as("one for the DaemonSet, one for the new token")
                .hasSize(2);
    }

    @Test
    void newTokenDeliveredByFileDoesNotChangeTheDaemonSet() throws Exception {
        rolledOut("{runnerToken: {secretRef: {name: wolf-token}, delivery: File}}");
        var before = text(testbed.daemonSet());
        double passes = testbed.passes();
        testbed.token("another");
        Eventually.holds(() -> assertThat(testbed.passes()).isGreaterThan(passes));
        assertThat(text(testbed.daemonSet())).isEqualTo(before);
    }

    @Test
    void deletedSecretLeavesWhatRunsAlone() throws Exception {
        rolledOut("{}");
        var before = text(testbed.daemonSet());
        testbed.admin
                .secrets()
                .inNamespace(testbed.namespace)
                .withName("wolf-token")
                .delete();
        testbed.awaitCondition("Ready", "False RunnerTokenMissing");
        assertThat(text(testbed.daemonSet())).isEqualTo(before);
    }

    @Test
    void pausedWolfTunnelKeepsItsDaemonSetAndSaysSo() throws Exception {
        rolledOut("{}");
        testbed.rolledOut(0, 0);
        testbed.awaitCondition("Ready", "True NoMatchingNodes");
        testbed.apply("{paused: true}");
        testbed.awaitCondition("Reconciling", "False Paused");
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("True NoMatchingNodes");
        var before = text(testbed.daemonSet());

        testbed.apply("{paused: true, agent: {image: 'agent:2'}}");
        testbed.awaitCondition("Ready", "False Paused");
        assertThat(text(testbed.daemonSet())).isEqualTo(before);

        testbed.apply("{agent: {image: 'agent:2'}}");
        Eventually.holds(() -> assertThat(testbed.agentImage()).isEqualTo("agent:2"));
    }

    @Test
    void refusalOfTheApiServerIsReportedAndRetriedAfterAChange() throws Exception {
        testbed.token("t");
        testbed.apply("{pod: {volumes: [{name: data, hostPath: {}}]}}");
        testbed.awaitCondition("Stalled", "True ApplyRefused");
        assertThat(testbed.condition("Ready").getMessage()).contains("hostPath.path: Required value");
        testbed.apply("{}");
        testbed.awaitCondition("Ready", "False RollingOut");
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
    void changeAndItsReversalGiveTheSameDaemonSetAsAtFirst(String detour) throws Exception {
        rolledOut("{}");
        var plain = spec();
        testbed.apply(detour);
        testbed.awaitDaemonSet(2);
        var detoured = spec();
        testbed.apply("{}");
        testbed.awaitDaemonSet(3);
        assertThat(spec()).isEqualTo(plain);

        testbed.apply(detour);
        Eventually.holds(() -> assertThat(spec()).isEqualTo(detoured));
        testbed.daemonSetResource().delete();
        Eventually.holds(() -> assertThat(spec()).isEqualTo(detoured));
    }

    @Test
    void podsOfEveryWatchedNamespaceAreKnownToAnOperatorThatStartsBesideThem(RealApiServer.Running server)
            throws Exception {
        try (var other = new Testbed(server)) {
            var both = List.of(testbed, other);
            var namespaces = Set.of(testbed.namespace, other.namespace);
            testbed.operate(testbed.setup().watching(namespaces));
            for (var each : both) {
                each.token("t0k3n");
                each.apply("{}");
                each.awaitDaemonSet();
                each.podRuns("node-1", "127.0.0.1", true);
                each.rolledOut(1, 1);
            }

            testbed.operate(testbed.setup().watching(namespaces));
            for (var each : both) {
                each.podRuns("node-2", "127.0.0.2", true);
                each.rolledOut(2, 2);
            }
            for (var each : both) {
                Eventually.holds(
                        () -> assertThat(each.resource().getStatus().summary()).isEqualTo("2/2 connected"));
            }
        }
    }

    private void rolledOut(String spec) throws Exception {
        testbed.token("t0k3n");
        testbed.apply(spec);
        testbed.awaitCondition("Ready", "False RollingOut");
    }

    private String generation() {
        return testbed.daemonSet()
                .getSpec()
                .getTemplate()
                .getMetadata()
                .getAnnotations()
                .get("wolf.helix.ml/token-generation");
    }

    private String spec() {
        return testbed.admin
                .getKubernetesSerialization()
                .asYaml(testbed.daemonSet().getSpec());
    }

    private String text(HasMetadata object) {
        return testbed.admin.getKubernetesSerialization().asYaml(object);
    }
}
