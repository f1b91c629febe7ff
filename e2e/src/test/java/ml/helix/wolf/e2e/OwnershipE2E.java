package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.Sign.condition;
import static ml.helix.wolf.e2e.Sign.node;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What belongs to a tunnel and what doesn't: objects, runner ids, and the work of a second operator. */
@ExtendWith(Stage.Resolver.class)
class OwnershipE2E {
    private static final String OTHER = "wolf-e2e-other";

    private final Stage stage;

    OwnershipE2E(Stage stage) {
        this.stage = stage;
    }

    @Test
    void aDaemonSetOfSomebodyElseOutlivesTheTunnelThatWantsItsName() {
        stage.apply("""
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: taken-tunnel-agent, namespace: %s}
                spec:
                  selector: {matchLabels: {app: somebody}}
                  template:
                    metadata: {labels: {app: somebody}}
                    spec:
                      nodeSelector: {no-such: node}
                      containers: [{name: c, image: "%s"}]
                """.formatted(Stage.NAMESPACE, Parts.IMAGE));
        var foreign =
                stage.client().apps().daemonSets().inNamespace(Stage.NAMESPACE).withName("taken-tunnel-agent");
        String uid = foreign.require().getMetadata().getUid();
        try {
            try (Tunnel tunnel = stage.tunnel("taken", stage.sidecar())) {
                tunnel.shows(condition("Ready", "False", "NameTaken"), condition("Stalled", "True", "NameTaken"));
            }
            assertThat(foreign.require().getMetadata().getUid()).isEqualTo(uid);
            assertThat(foreign.require().getMetadata().getOwnerReferences()).isEmpty();
            assertThat(foreign.require().getMetadata().getGeneration()).isEqualTo(1);
        } finally {
            foreign.delete();
        }
    }

    @Test
    void anOrphanThatCannotBeChangedIsNamedWithWhatToDo() {
        stage.apply("""
                apiVersion: apps/v1
                kind: DaemonSet
                metadata:
                  name: immutable-tunnel-agent
                  namespace: %s
                  labels: {app.kubernetes.io/managed-by: wolf-tunnel-operator}
                spec:
                  selector: {matchLabels: {app: somebody}}
                  template:
                    metadata: {labels: {app: somebody}}
                    spec:
                      nodeSelector: {no-such: node}
                      containers: [{name: c, image: "%s"}]
                """.formatted(Stage.NAMESPACE, Parts.IMAGE));
        try (Tunnel tunnel = stage.tunnel("immutable", stage.sidecar())) {
            tunnel.shows(
                    condition("Stalled", "True", "ApplyRefused"),
                    new Sign("the command that helps", seen -> seen.conditions().stream()
                            .anyMatch(each -> each.getMessage()
                                    .contains("kubectl -n " + Stage.NAMESPACE
                                            + " delete daemonset immutable-tunnel-agent"))));
            tunnel.change(() -> Command.kubectl(
                    "", "-n", Stage.NAMESPACE, "delete", "daemonset", "immutable-tunnel-agent", "--wait"));
            tunnel.recovers();
        } finally {
            stage.client()
                    .apps()
                    .daemonSets()
                    .inNamespace(Stage.NAMESPACE)
                    .withName("immutable-tunnel-agent")
                    .delete();
        }
    }

    @Test
    void aTunnelThatIsDeletedWithItsAgentsOrphanedComesBackWithTheSamePods() {
        try (Tunnel tunnel = stage.tunnel("orphans", stage.sidecar())) {
            tunnel.awaitReady();
            List<String> agents = tunnel.instances();
            Command.kubectl("", "-n", Stage.NAMESPACE, "delete", "wolftunnel", "orphans", "--cascade=orphan", "--wait");
            tunnel.spec(stage.sidecar());
            tunnel.recovers();
            assertThat(tunnel.instances()).isEqualTo(agents);
        }
    }

    @Test
    void aDeletionInTheForegroundLeavesNothingBehindTheTunnel() {
        try (Tunnel tunnel = stage.tunnel("foreground", stage.sidecar())) {
            tunnel.awaitReady();
            Command.kubectl(
                    "",
                    "-n",
                    Stage.NAMESPACE,
                    "delete",
                    "wolftunnel",
                    "foreground",
                    "--cascade=foreground",
                    "--wait",
                    "--timeout=120s");
            assertThat(tunnel.pods()).isEmpty();
            assertThat(tunnel.daemonSets()).isEmpty();
        }
    }

    @Test
    void labelsAndImageOfTheDaemonSetThatSomebodyChangesArePutRight() {
        try (Tunnel tunnel = stage.tunnel("drift", stage.sidecar())) {
            tunnel.awaitReady();
            Command.kubectl(
                    "",
                    "-n",
                    Stage.NAMESPACE,
                    "label",
                    "--overwrite",
                    "daemonset",
                    "drift-tunnel-agent",
                    "app.kubernetes.io/instance=another");
            tunnel.awaitDaemonSet("its own label", daemonSet -> "drift"
                    .equals(daemonSet.getMetadata().getLabels().get("app.kubernetes.io/instance")));
            String image = Tunnel.agentImage(tunnel.daemonSet());
            Command.kubectl(
                    """
                    apiVersion: apps/v1
                    kind: DaemonSet
                    metadata: {name: drift-tunnel-agent, namespace: %s}
                    spec: {template: {spec: {containers: [{name: agent, image: "no-such-image:1"}]}}}
                    """.formatted(Stage.NAMESPACE),
                    "apply",
                    "--server-side",
                    "--force-conflicts",
                    "--field-manager=another",
                    "-f",
                    "-");
            tunnel.awaitDaemonSet("its own image", daemonSet -> image.equals(Tunnel.agentImage(daemonSet)));
            tunnel.recovers();
        }
    }

    /**
     * The first agent is connected when the second one comes and displaces it. The first one gets the prefix, within the 30 s
     * in which it doesn't come back: so neither has to be without a displacement for minutes before it counts again.
     */
    @Test
    void twoTunnelsWithTheSameRunnerIdsSaySoUntilOneHasAPrefix() {
        String ids = "wolfId: {source: NodeName, prefix: \"%s\"}\n";
        try (Tunnel one = stage.tunnel("same-ids", stage.sidecar() + ids.formatted("e2e-"))) {
            one.awaitReady();
            stage.namespace(OTHER);
            stage.secret(OTHER, "wolf-token", "token", Stage.RUNNER_TOKEN);
            try (Tunnel other = stage.tunnel(OTHER, "same-ids", stage.sidecar() + ids.formatted("e2e-"))) {
                one.startClock();
                one.shows(condition("Stalled", "True", "DuplicateRunnerId"), node("DuplicateRunnerId"));
                other.shows(condition("Stalled", "True", "DuplicateRunnerId"), node("DuplicateRunnerId"));
                other.podsAreReady();

                one.change(() -> one.spec(stage.sidecar() + ids.formatted("e2e-one-")));
                one.recovers();
                // within seconds, unless this machine took so long that the first agent came back before
                other.startClock();
                other.showsWithin(200, condition("Ready", "True", "Connected"), Sign.allConnected());
            }
        } finally {
            stage.removeNamespace(OTHER);
        }
    }

    /** The namespaced one goes before the cluster's: its role doesn't let it see the other, which sees it. */
    @Test
    void aSecondOperatorChangesNothingBehindTheFirstOnesBack() {
        String namespace = "wolf";
        try {
            stage.install("namespaced", namespace);
            stage.secret(namespace, "wolf-token", "token", Stage.RUNNER_TOKEN);
            stage.rolledOut(namespace, "deployment/" + Stage.OPERATOR);
            try (Tunnel tunnel = stage.tunnel(namespace, "shared", stage.sidecar())) {
                tunnel.awaitReady();
                tunnel.awaitDaemonSet(
                        "the mark of the namespaced operator",
                        daemonSet -> namespace.equals(
                                daemonSet.getMetadata().getAnnotations().get("wolf.helix.ml/operator")));
                tunnel.change(() -> tunnel.spec(stage.sidecar() + "agent: {logLevel: debug}\n"));
                tunnel.recovers();
                assertThat(tunnel.daemonSet().getMetadata().getGeneration())
                        .as("made, and changed once")
                        .isEqualTo(2);

                Command.kubectl("", "-n", namespace, "delete", "deployment", Stage.OPERATOR, "--wait");
                tunnel.awaitDaemonSet(
                        "the mark of the cluster's operator",
                        daemonSet -> Stage.OPERATOR_NAMESPACE.equals(
                                daemonSet.getMetadata().getAnnotations().get("wolf.helix.ml/operator")));
            }
        } finally {
            stage.removeNamespace(namespace);
        }
    }
}
