package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an admin does to agents and nodes while callers send requests: none is lost. */
@ExtendWith(TestCluster.Resolver.class)
class UnderLoadE2E {
    private static final String BY_NODE = "wolfId: {source: NodeName}\n";
    private static final String CORDONS = "drain-cordoned-nodes";
    private static final String DRAINING = "\"draining\":true";

    private final TestCluster cluster;

    UnderLoadE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** Old and new agent of a node have the same id. */
    @Test
    void aRolloutWithSurgeLosesNoRequest() throws Exception {
        String spec = cluster.sidecarSpecOnEveryNode()
                + BY_NODE
                + "updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n";
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("surge", spec)) {
            wolfTunnel.awaitReady();
            var before = wolfTunnel.podInstances();
            try (LocalPortForward forward = cluster.controlPlane().forward();
                    var load = Load.toEach(forward.getLocalPort(), cluster.nodes())) {
                load.awaitAnswers(20);
                long began = System.nanoTime();
                wolfTunnel.change(() -> wolfTunnel.applySpec(spec + "agent: {logLevel: debug}\n"));
                wolfTunnel.expectConnected();
                load.awaitAnswers(50);
                System.out.printf(
                        "e2e: a rollout with surge under load: %d requests answered, %d failed; longest request, by Wolf: %s ms%n",
                        load.answered(), load.failures().size(), load.longestSince(began));
                assertThat(load.failures()).isEmpty();
            }
            assertThat(wolfTunnel.podInstances()).hasSameSizeAs(before).doesNotContainAnyElementsOf(before);
        }
    }

    @Test
    void aCordonedNodeIsDrainedAndItsAgentTakenDownWithoutALostRequest() throws Exception {
        assumeTrue(cluster.nodes().size() > 1, "the cluster has a single node");
        String node = cluster.nodes().getLast();
        String spec = cluster.sidecarSpecOnEveryNode() + BY_NODE + "drainCordonedNodes: true\n";
        String manifests = cluster.manifests(CORDONS).toString();
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("cordon", spec)) {
            wolfTunnel.awaitReady();
            wolfTunnel.expectStatus(StatusExpectation.condition("CordonedNodesDrained", "False", "NodesForbidden"));
            Command.kubectl("", "apply", "-k", manifests);
            wolfTunnel.startClock();
            wolfTunnel.expectStatusEventually(
                    StatusExpectation.condition("CordonedNodesDrained", "True", "NodesWatched"));
            // an agent is connected before the Wolf beside it has started, and its instance is degraded until then
            for (String each : cluster.nodes()) {
                awaitInstance(each, "\"status\":\"online\"");
            }
            try (LocalPortForward forward = cluster.controlPlane().forward();
                    var load = Load.routed(forward.getLocalPort())) {
                awaitChosen(load, node, System.nanoTime());
                long cordoned = System.nanoTime();
                Command.kubectl("", "cordon", node);
                awaitInstance(node, DRAINING);
                long drained = System.nanoTime();
                load.awaitAnswers(20);
                cluster.removePod(podOn(wolfTunnel, node));
                wolfTunnel.awaitPodsReady();
                load.awaitAnswers(50);
                assertThat(load.instancesSince(drained)).isNotEmpty().doesNotContain("wolf-" + node);
                assertThat(instance(node)).contains(DRAINING);

                long back = System.nanoTime();
                Command.kubectl("", "uncordon", node);
                awaitChosen(load, node, back);
                System.out.printf(
                        "e2e: a node cordoned under load: drained after %.1f s, back after %.1f s; %d requests answered, %d failed%n",
                        (drained - cordoned) / 1e9,
                        (System.nanoTime() - back) / 1e9,
                        load.answered(),
                        load.failures().size());
                assertThat(load.failures()).isEmpty();
            }
        } finally {
            Command.kubectl("", "uncordon", node);
            Command.kubectl("", "delete", "--ignore-not-found", "-k", manifests);
        }
    }

    /** Waits until the control plane has chosen the node's Wolf for a request that began after this time. */
    private static void awaitChosen(Load load, String node, long since) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!load.instancesSince(since).contains("wolf-" + node)) {
            assertThat(System.nanoTime())
                    .as("a request to " + node + " within a minute")
                    .isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    /** @param member of the node's instance in the registry, as JSON */
    private void awaitInstance(String node, String member) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!instance(node).contains(member)) {
            assertThat(System.nanoTime())
                    .as(node + " has " + member + " within a minute")
                    .isLessThan(deadline);
            Thread.sleep(100);
        }
    }

    private String instance(String node) {
        return cluster.controlPlane().get("/api/v1/wolf-instances/wolf-" + node).body();
    }

    private static String podOn(AppliedWolfTunnel wolfTunnel, String node) {
        return wolfTunnel.pods().stream()
                .filter(pod -> node.equals(pod.getSpec().getNodeName()))
                .map((Pod pod) -> pod.getMetadata().getName())
                .findFirst()
                .orElseThrow();
    }
}
