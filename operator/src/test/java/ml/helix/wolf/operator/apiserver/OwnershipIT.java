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

/** What the operator takes for a tunnel's own and keeps as it should be, and what it leaves alone. */
@ExtendWith(RealApiServer.class)
class OwnershipIT {
    private static final Map<String, String> OUR_LABELS = Map.of(
            "app.kubernetes.io/name", "wolf-tunnel-agent",
            "app.kubernetes.io/instance", Trial.TUNNEL,
            "app.kubernetes.io/managed-by", "wolf-tunnel-operator");

    private Trial trial;

    @BeforeEach
    void begin(RealApiServer.Running server) {
        trial = new Trial(server);
        trial.token("t0k3n");
    }

    @AfterEach
    void end() {
        trial.close();
    }

    @Test
    void daemonSetOfSomebodyElseIsLeftAloneAndItsNameIsSaidToBeTaken() throws Exception {
        daemonSet(Map.of("app", "monitoring"), List.of());
        leftAlone("DaemonSet " + Trial.AGENTS);
    }

    @Test
    void daemonSetWithAnotherOwnerIsLeftAloneWhateverItsLabelsSay() throws Exception {
        daemonSet(OUR_LABELS, List.of(owner("ConfigMap", "another", "99999999-2222-3333-4444-555555555555")));
        leftAlone("DaemonSet " + Trial.AGENTS);
    }

    @Test
    void serviceAccountOfSomebodyElseIsLeftAloneAndNoPodRunsAsIt() throws Exception {
        serviceAccount(Map.of("app", "monitoring"));
        trial.operate();
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True NameTaken"));
        assertThat(trial.condition("Ready").getMessage())
                .contains("ServiceAccount " + Trial.AGENTS + " exists and isn't this WolfTunnel's");
        assertThat(trial.serviceAccount().getMetadata().getOwnerReferences()).isEmpty();
        assertThat(trial.serviceAccount().getMetadata().getLabels()).containsOnlyKeys("app");
        assertThat(trial.daemonSet()).isNull();
    }

    @Test
    void orphansOfAnEarlierTunnelAreAdoptedAsTheyAre() throws Exception {
        trial.operate();
        rolledOut();
        var before = trial.daemonSet();
        trial.operator().close();
        trial.admin
                .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(trial.namespace)
                .withName(Trial.TUNNEL)
                .delete();
        Eventually.holds(() -> assertThat(trial.tunnel()).isNull());
        for (HasMetadata object : List.of(trial.daemonSet(), trial.serviceAccount())) {
            object.getMetadata().setOwnerReferences(List.of());
            trial.admin.resource(object).update();
        }
        trial.apply("{}");
        trial.operate();
        Eventually.holds(() -> assertThat(trial.daemonSet().getMetadata().getOwnerReferences())
                .singleElement()
                .extracting(OwnerReference::getUid)
                .isEqualTo(trial.tunnel().getMetadata().getUid()));
        assertThat(trial.daemonSet().getMetadata().getUid())
                .isEqualTo(before.getMetadata().getUid());
        assertThat(trial.daemonSet().getSpec().getTemplate())
                .as("the pods stay")
                .isEqualTo(before.getSpec().getTemplate());
    }

    @Test
    void orphanThatCannotBeChangedIsNamedWithWhatToDo() throws Exception {
        daemonSet(OUR_LABELS, List.of());
        trial.operate();
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True ApplyRefused"));
        assertThat(trial.condition("Ready").getMessage())
                .contains("DaemonSet " + Trial.AGENTS + " exists")
                .contains("kubectl -n " + trial.namespace + " delete daemonset " + Trial.AGENTS)
                .contains("field is immutable");
        trial.daemonSetResource().delete();
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
    }

    @Test
    void whatAnEarlierTunnelOfTheNameHasLeftIsNotTakenOverButWaitedFor() throws Exception {
        var clock = new AtomicReference<>(InstantSource.system());
        daemonSet(OUR_LABELS, List.of(owner("WolfTunnel", Trial.TUNNEL, "99999999-2222-3333-4444-555555555555")));
        var before = text(trial.daemonSet());
        trial.operate(trial.setup().clock(() -> clock.get().instant()));
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
        clock.set(InstantSource.offset(InstantSource.system(), Duration.ofSeconds(31)));
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True NameTaken"));
        assertThat(text(trial.daemonSet())).isEqualTo(before);
        trial.daemonSetResource().delete();
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
        assertThat(trial.agentImage()).isEqualTo("agent:1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "app.kubernetes.io/instance",
                "app.kubernetes.io/name",
                "app.kubernetes.io/managed-by",
            })
    void labelThatSomebodyChangesIsPutRight(String label) throws Exception {
        trial.operate();
        rolledOut();
        trial.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editMetadata()
                .addToLabels(label, "another")
                .endMetadata()
                .build());
        Eventually.holds(
                () -> assertThat(trial.daemonSet().getMetadata().getLabels()).containsAllEntriesOf(OUR_LABELS));
    }

    @Test
    void whatAnotherWritesByTheOperatorsOwnFieldManagerIsPutRight() throws Exception {
        trial.operate();
        rolledOut();
        var desired = trial.daemonSet().getMetadata().getAnnotations().get("wolf.helix.ml/desired");
        var patch = trial.daemonSet();
        patch.getSpec().getTemplate().getSpec().getContainers().getFirst().setImage("another:1");
        patch.getMetadata().setManagedFields(null);
        patch.getMetadata().setResourceVersion(null);
        patch.setStatus(null);
        trial.admin
                .resource(patch)
                .patch(new PatchContext.Builder()
                        .withPatchType(PatchType.SERVER_SIDE_APPLY)
                        .withFieldManager("wolf-tunnel-operator")
                        .withForce(true)
                        .build());
        Eventually.holds(() -> {
            assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(3);
            assertThat(trial.agentImage()).isEqualTo("agent:1");
        });
        assertThat(trial.daemonSet().getMetadata().getAnnotations()).containsEntry("wolf.helix.ml/desired", desired);
    }

    private void leftAlone(String what) throws Exception {
        var before = text(trial.daemonSet());
        trial.operate();
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True NameTaken"));
        assertThat(trial.condition("Ready").getMessage())
                .contains(what + " exists and isn't this WolfTunnel's: rename the WolfTunnel, or delete the DaemonSet");
        trial.settled();
        assertThat(text(trial.daemonSet())).isEqualTo(before);
        trial.daemonSetResource().delete();
        trial.settled();
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
        assertThat(trial.agentImage()).isEqualTo("agent:1");
    }

    private void rolledOut() throws Exception {
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
    }

    private void daemonSet(Map<String, String> labels, List<OwnerReference> owners) {
        DaemonSet foreign = new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace(trial.namespace)
                .withName(Trial.AGENTS)
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
        trial.admin.resource(foreign).create();
    }

    private void serviceAccount(Map<String, String> labels) {
        trial.admin
                .resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace(trial.namespace)
                        .withName(Trial.AGENTS)
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
        return trial.admin.getKubernetesSerialization().asYaml(object);
    }
}
