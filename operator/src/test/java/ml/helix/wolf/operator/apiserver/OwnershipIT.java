package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which objects the operator takes for a WolfTunnel's own and keeps as desired, and which it leaves alone. */
@ExtendWith(RealApiServer.class)
class OwnershipIT {
    private static final Map<String, String> OUR_LABELS = Map.of(
            "app.kubernetes.io/name", "wolf-tunnel-agent",
            "app.kubernetes.io/instance", Testbed.NAME,
            "app.kubernetes.io/managed-by", "wolf-tunnel-operator");

    private Testbed testbed;

    @BeforeEach
    void setUp(RealApiServer.Running server) {
        testbed = new Testbed(server);
        testbed.token("t0k3n");
    }

    @AfterEach
    void tearDown() {
        testbed.close();
    }

    @Test
    void daemonSetOfSomebodyElseIsLeftAloneAndTheNameIsTaken() throws Exception {
        daemonSet(Map.of("app", "monitoring"), List.of());
        leftAlone("DaemonSet " + Testbed.AGENTS);
    }

    @Test
    void daemonSetWithAnotherOwnerIsLeftAloneWhateverItsLabelsSay() throws Exception {
        daemonSet(OUR_LABELS, List.of(owner("ConfigMap", "another", "99999999-2222-3333-4444-555555555555")));
        leftAlone("DaemonSet " + Testbed.AGENTS);
    }

    @Test
    void serviceAccountOfSomebodyElseIsLeftAloneAndNoPodRunsAsIt() throws Exception {
        serviceAccount(Map.of("app", "monitoring"));
        testbed.operate();
        testbed.apply("{}");
        testbed.awaitCondition("Stalled", "True NameTaken");
        assertThat(testbed.condition("Ready").getMessage())
                .contains("ServiceAccount " + Testbed.AGENTS + " exists and isn't this WolfTunnel's");
        assertThat(testbed.serviceAccount().getMetadata().getOwnerReferences()).isEmpty();
        assertThat(testbed.serviceAccount().getMetadata().getLabels()).containsOnlyKeys("app");
        assertThat(testbed.daemonSet()).isNull();
    }

    @Test
    void orphansOfAnEarlierWolfTunnelAreAdopted() throws Exception {
        testbed.operate();
        rolledOut();
        var before = testbed.daemonSet();
        testbed.operator().close();
        testbed.admin
                .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(testbed.namespace)
                .withName(Testbed.NAME)
                .delete();
        Eventually.holds(() -> assertThat(testbed.resource()).isNull());
        for (HasMetadata object : List.of(testbed.daemonSet(), testbed.serviceAccount())) {
            object.getMetadata().setOwnerReferences(List.of());
            testbed.admin.resource(object).update();
        }
        testbed.apply("{}");
        testbed.operate();
        Eventually.holds(() -> assertThat(testbed.daemonSet().getMetadata().getOwnerReferences())
                .singleElement()
                .extracting(OwnerReference::getUid)
                .isEqualTo(testbed.resource().getMetadata().getUid()));
        assertThat(testbed.daemonSet().getMetadata().getUid())
                .isEqualTo(before.getMetadata().getUid());
        assertThat(testbed.daemonSet().getSpec().getTemplate())
                .as("the pods stay")
                .isEqualTo(before.getSpec().getTemplate());
    }

    /** The many changes exhaust the rate limit: the deletion waits for its pass when the next WolfTunnel of the name comes. */
    @Test
    void wolfTunnelThatIsDeletedAndAppliedAgainAtOnceIsReconciled() throws Exception {
        testbed.operate();
        for (int round = 0; round < 3; round++) {
            for (int seconds = 20; seconds < 28; seconds++) {
                testbed.apply("{agent: {drainSeconds: %d}}".formatted(seconds));
            }
            awaitObserved();
            testbed.delete();
            testbed.apply("{}");
            awaitObserved();
            testbed.apply("{agent: {drainSeconds: 30}}");
            awaitObserved();
        }
    }

    private void awaitObserved() throws Exception {
        Eventually.holds(() -> {
            var resource = testbed.resource();
            assertThat(resource.getStatus().observedGeneration())
                    .isEqualTo(resource.getMetadata().getGeneration());
        });
    }

    @Test
    void orphanThatCannotBeChangedIsNamedWithWhatToDo() throws Exception {
        daemonSet(OUR_LABELS, List.of());
        testbed.operate();
        testbed.apply("{}");
        testbed.awaitCondition("Stalled", "True ApplyRefused");
        assertThat(testbed.condition("Ready").getMessage())
                .contains("DaemonSet " + Testbed.AGENTS + " exists")
                .contains("kubectl -n " + testbed.namespace + " delete daemonset " + Testbed.AGENTS)
                .contains("field is immutable");
        testbed.daemonSetResource().delete();
        testbed.awaitCondition("Ready", "False RollingOut");
    }

    @Test
    void objectOfAnEarlierWolfTunnelOfTheNameIsWaitedFor() throws Exception {
        var clock = new AtomicReference<>(InstantSource.system());
        daemonSet(OUR_LABELS, List.of(owner("WolfTunnel", Testbed.NAME, "99999999-2222-3333-4444-555555555555")));
        var before = text(testbed.daemonSet());
        testbed.operate(testbed.setup().clock(() -> clock.get().instant()));
        testbed.apply("{}");
        testbed.awaitCondition("Ready", "False RollingOut");
        clock.set(InstantSource.offset(InstantSource.system(), Duration.ofSeconds(31)));
        testbed.awaitCondition("Stalled", "True NameTaken");
        assertThat(text(testbed.daemonSet())).isEqualTo(before);
        testbed.daemonSetResource().delete();
        testbed.awaitCondition("Ready", "False RollingOut");
        assertThat(testbed.agentImage()).isEqualTo("agent:1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "app.kubernetes.io/instance",
                "app.kubernetes.io/name",
                "app.kubernetes.io/managed-by",
            })
    void labelThatSomebodyChangesIsRestored(String label) throws Exception {
        testbed.operate();
        rolledOut();
        testbed.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editMetadata()
                .addToLabels(label, "another")
                .endMetadata()
                .build());
        Eventually.holds(
                () -> assertThat(testbed.daemonSet().getMetadata().getLabels()).containsAllEntriesOf(OUR_LABELS));
    }

    @Test
    void changeByTheOperatorsOwnFieldManagerIsUndone() throws Exception {
        testbed.operate();
        rolledOut();
        var desired = testbed.daemonSet().getMetadata().getAnnotations().get("wolf.helix.ml/desired");
        var patch = testbed.daemonSet();
        patch.getSpec().getTemplate().getSpec().getContainers().getFirst().setImage("another:1");
        patch.getMetadata().setManagedFields(null);
        patch.getMetadata().setResourceVersion(null);
        patch.setStatus(null);
        testbed.admin
                .resource(patch)
                .patch(new PatchContext.Builder()
                        .withPatchType(PatchType.SERVER_SIDE_APPLY)
                        .withFieldManager("wolf-tunnel-operator")
                        .withForce(true)
                        .build());
        Eventually.holds(() -> {
            assertThat(testbed.daemonSet().getMetadata().getGeneration()).isEqualTo(3);
            assertThat(testbed.agentImage()).isEqualTo("agent:1");
        });
        assertThat(testbed.daemonSet().getMetadata().getAnnotations()).containsEntry("wolf.helix.ml/desired", desired);
    }

    private void leftAlone(String what) throws Exception {
        var before = text(testbed.daemonSet());
        testbed.operate();
        testbed.apply("{}");
        testbed.awaitCondition("Stalled", "True NameTaken");
        assertThat(testbed.condition("Ready").getMessage())
                .contains(what + " exists and isn't this WolfTunnel's: rename the WolfTunnel, or delete the DaemonSet");
        testbed.awaitIdle();
        assertThat(text(testbed.daemonSet())).isEqualTo(before);
        testbed.daemonSetResource().delete();
        testbed.awaitIdle();
        testbed.awaitCondition("Ready", "False RollingOut");
        assertThat(testbed.agentImage()).isEqualTo("agent:1");
    }

    private void rolledOut() throws Exception {
        testbed.apply("{}");
        testbed.awaitCondition("Ready", "False RollingOut");
    }

    private void daemonSet(Map<String, String> labels, List<OwnerReference> owners) {
        DaemonSet foreign = new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace(testbed.namespace)
                .withName(Testbed.AGENTS)
                .withLabels(labels)
                .withOwnerReferences(owners)
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("app", "monitoring")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "monitoring")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("monitoring")
                .withImage("monitoring:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
        testbed.admin.resource(foreign).create();
    }

    private void serviceAccount(Map<String, String> labels) {
        testbed.admin
                .resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace(testbed.namespace)
                        .withName(Testbed.AGENTS)
                        .withLabels(labels)
                        .endMetadata()
                        .build())
                .create();
    }

    private static OwnerReference owner(String kind, String name, String uid) {
        return new OwnerReferenceBuilder()
                .withApiVersion(kind.equals("WolfTunnel") ? "wolf.helix.ml/v1alpha1" : "v1")
                .withKind(kind)
                .withName(name)
                .withUid(uid)
                .build();
    }

    private String text(HasMetadata object) {
        return testbed.admin.getKubernetesSerialization().asYaml(object);
    }
}
