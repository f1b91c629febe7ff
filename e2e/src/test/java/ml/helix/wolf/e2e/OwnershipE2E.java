package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.StatusExpectation.condition;
import static ml.helix.wolf.e2e.StatusExpectation.node;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What belongs to a WolfTunnel and what doesn't: objects, runner ids, and the work of a second operator. */
@ExtendWith(TestCluster.Resolver.class)
class OwnershipE2E {
    private static final String OTHER = "wolf-e2e-other";

    private final TestCluster cluster;

    OwnershipE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    @Test
    void aDaemonSetOfAnotherOwnerOutlivesTheWolfTunnelThatNeedsItsName() {
        cluster.apply("""
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
                """.formatted(TestCluster.NAMESPACE, StandInManifests.IMAGE));
        var foreign = cluster.client()
                .apps()
                .daemonSets()
                .inNamespace(TestCluster.NAMESPACE)
                .withName("taken-tunnel-agent");
        String uid = foreign.require().getMetadata().getUid();
        try {
            try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("taken", cluster.sidecarSpec())) {
                wolfTunnel.expectStatus(
                        condition("Ready", "False", "NameTaken"), condition("Stalled", "True", "NameTaken"));
            }
            assertThat(foreign.require().getMetadata().getUid()).isEqualTo(uid);
            assertThat(foreign.require().getMetadata().getOwnerReferences()).isEmpty();
            assertThat(foreign.require().getMetadata().getGeneration()).isEqualTo(1);
        } finally {
            foreign.delete();
        }
    }

    @Test
    void anOrphanThatCannotBeChangedIsReportedWithACommand() {
        cluster.apply("""
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
                """.formatted(TestCluster.NAMESPACE, StandInManifests.IMAGE));
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("immutable", cluster.sidecarSpec())) {
            wolfTunnel.expectStatus(
                    condition("Stalled", "True", "ApplyRefused"),
                    new StatusExpectation("a message with the command that helps", seen -> seen.conditions().stream()
                            .anyMatch(each -> each.getMessage()
                                    .contains("kubectl -n " + TestCluster.NAMESPACE
                                            + " delete daemonset immutable-tunnel-agent"))));
            wolfTunnel.change(() -> Command.kubectl(
                    "", "-n", TestCluster.NAMESPACE, "delete", "daemonset", "immutable-tunnel-agent", "--wait"));
            wolfTunnel.expectConnected();
        } finally {
            cluster.client()
                    .apps()
                    .daemonSets()
                    .inNamespace(TestCluster.NAMESPACE)
                    .withName("immutable-tunnel-agent")
                    .delete();
        }
    }

    @Test
    void aRecreatedWolfTunnelAdoptsThePodsThatItsDeletionOrphaned() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("orphans", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();
            List<String> agents = wolfTunnel.podInstances();
            Command.kubectl(
                    "", "-n", TestCluster.NAMESPACE, "delete", "wolftunnel", "orphans", "--cascade=orphan", "--wait");
            wolfTunnel.applySpec(cluster.sidecarSpec());
            wolfTunnel.expectConnected();
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        }
    }

    @Test
    void aForegroundDeletionWaitsUntilThePodsAreGone() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("foreground", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();
            Command.kubectl(
                    "",
                    "-n",
                    TestCluster.NAMESPACE,
                    "delete",
                    "wolftunnel",
                    "foreground",
                    "--cascade=foreground",
                    "--wait",
                    "--timeout=120s");
            assertThat(wolfTunnel.pods()).isEmpty();
            assertThat(wolfTunnel.daemonSets()).isEmpty();
        }
    }

    @Test
    void changedLabelsAndImagesOfTheDaemonSetAreCorrected() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("drift", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();
            Command.kubectl(
                    "",
                    "-n",
                    TestCluster.NAMESPACE,
                    "label",
                    "--overwrite",
                    "daemonset",
                    "drift-tunnel-agent",
                    "app.kubernetes.io/instance=another");
            wolfTunnel.awaitDaemonSet("the operator's label", daemonSet -> "drift"
                    .equals(daemonSet.getMetadata().getLabels().get("app.kubernetes.io/instance")));
            String image = AppliedWolfTunnel.agentImage(wolfTunnel.daemonSet());
            Command.kubectl(
                    """
                    apiVersion: apps/v1
                    kind: DaemonSet
                    metadata: {name: drift-tunnel-agent, namespace: %s}
                    spec: {template: {spec: {containers: [{name: agent, image: "no-such-image:1"}]}}}
                    """.formatted(TestCluster.NAMESPACE),
                    "apply",
                    "--server-side",
                    "--force-conflicts",
                    "--field-manager=another",
                    "-f",
                    "-");
            wolfTunnel.awaitDaemonSet(
                    "the operator's image", daemonSet -> image.equals(AppliedWolfTunnel.agentImage(daemonSet)));
            wolfTunnel.expectConnected();
        }
    }

    /**
     * The first agent is connected, then the second one displaces it. The first one gets the prefix within the 30 s in which
     * it doesn't reconnect. So neither agent has to wait minutes without a displacement before it counts again.
     */
    @Test
    void twoWolfTunnelsWithTheSameRunnerIdsReportItUntilOneHasAPrefix() {
        String ids = "wolfId: {source: NodeName, prefix: \"%s\"}\n";
        try (AppliedWolfTunnel one =
                cluster.applyWolfTunnel("same-ids", cluster.sidecarSpec() + ids.formatted("e2e-"))) {
            one.awaitReady();
            cluster.createNamespace(OTHER);
            cluster.writeSecret(OTHER, "wolf-token", "token", TestCluster.RUNNER_TOKEN);
            try (AppliedWolfTunnel other =
                    cluster.applyWolfTunnel(OTHER, "same-ids", cluster.sidecarSpec() + ids.formatted("e2e-"))) {
                one.startClock();
                one.expectStatus(condition("Stalled", "True", "DuplicateRunnerId"), node("DuplicateRunnerId"));
                other.expectStatus(condition("Stalled", "True", "DuplicateRunnerId"), node("DuplicateRunnerId"));
                other.awaitPodsReady();

                one.change(() -> one.applySpec(cluster.sidecarSpec() + ids.formatted("e2e-one-")));
                one.expectConnected();
                // This takes seconds, unless the first agent has reconnected before, on a slow machine.
                other.startClock();
                other.expectStatusWithin(
                        200, condition("Ready", "True", "Connected"), StatusExpectation.allConnected());
            }
        } finally {
            cluster.removeNamespace(OTHER);
        }
    }

    /** The namespaced operator takes precedence: its Role doesn't let it see the other operator, which sees it. */
    @Test
    void theClusterOperatorLeavesTheNamespacedOnesWolfTunnelAlone() {
        String namespace = "wolf";
        try {
            cluster.install("namespaced", namespace);
            cluster.writeSecret(namespace, "wolf-token", "token", TestCluster.RUNNER_TOKEN);
            cluster.awaitRollout(namespace, "deployment/" + TestCluster.OPERATOR);
            try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(namespace, "shared", cluster.sidecarSpec())) {
                wolfTunnel.awaitReady();
                wolfTunnel.awaitDaemonSet(
                        "the annotation of the namespaced operator",
                        daemonSet -> namespace.equals(
                                daemonSet.getMetadata().getAnnotations().get("wolf.helix.ml/operator")));
                wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec() + "agent: {logLevel: debug}\n"));
                wolfTunnel.expectConnected();
                assertThat(wolfTunnel.daemonSet().getMetadata().getGeneration())
                        .as("created, and changed once")
                        .isEqualTo(2);

                Command.kubectl("", "-n", namespace, "delete", "deployment", TestCluster.OPERATOR, "--wait");
                wolfTunnel.awaitDaemonSet(
                        "the annotation of the cluster's operator",
                        daemonSet -> TestCluster.OPERATOR_NAMESPACE.equals(
                                daemonSet.getMetadata().getAnnotations().get("wolf.helix.ml/operator")));
            }
        } finally {
            cluster.removeNamespace(namespace);
        }
    }
}
