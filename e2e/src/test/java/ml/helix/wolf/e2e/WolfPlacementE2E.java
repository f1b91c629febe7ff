package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each way to place and to name a Wolf: the WolfTunnel becomes Ready, and a request from outside reaches that Wolf. */
@ExtendWith(TestCluster.Resolver.class)
class WolfPlacementE2E {
    private final TestCluster cluster;

    WolfPlacementE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    @Test
    void aWolfBesideTheAgentInItsPodIsReachedOnLocalhost() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("sidecar", cluster.sidecarSpecOnEveryNode())) {
            wolfTunnel.awaitReady();

            assertThat(wolfTunnel.status().summary()).isEqualTo("2/2 connected");
            assertThat(wolfTunnel.status().tunnels())
                    .extracting(TunnelStatus::node)
                    .containsExactlyInAnyOrderElementsOf(cluster.nodes());
            assertThat(wolfTunnel.pods())
                    .noneMatch(pod -> Boolean.TRUE.equals(pod.getSpec().getHostNetwork()));
            assertThat(wolfTunnel.status().tunnels()).allSatisfy(each -> answers(each.wolfId()));
        }
    }

    @Test
    void aWolfOnTheNodesNetworkIsReachedFromAPodOnTheNodesNetwork() {
        cluster.apply(StandInManifests.wolfOnEveryNode());
        cluster.awaitRollout(TestCluster.NAMESPACE, "daemonset/wolf");
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(
                "host-network", """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                wolf: {address: "$(NODE_IP):%d"}
                """.formatted(cluster.controlPlane().url(), StandInManifests.NODE_PORT))) {
            wolfTunnel.awaitReady();

            assertThat(wolfTunnel.pods()).allMatch(pod -> pod.getSpec().getHostNetwork());
            assertThat(wolfTunnel.status().tunnels())
                    .hasSameSizeAs(cluster.nodes())
                    .allSatisfy(each -> answers(each.wolfId()));
        }
    }

    @Test
    void theIdIsThePodsNameByDefault() {
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("pod-name", cluster.sidecarSpec() + "wolfId: {prefix: lab-}\n")) {
            wolfTunnel.awaitReady();

            String pod = wolfTunnel.pods().getFirst().getMetadata().getName();
            assertThat(wolfTunnel.onlyTunnel().wolfId()).isEqualTo("lab-" + pod);
            answers("lab-" + pod);
        }
    }

    @Test
    void theIdIsTheNodesNameOnRequestAndOutlivesThePod() {
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("node-name", cluster.sidecarSpec() + "wolfId: {source: NodeName}\n")) {
            wolfTunnel.awaitReady();
            String node = cluster.nodes().getFirst();
            assertThat(wolfTunnel.onlyTunnel().wolfId()).isEqualTo(node);

            Pod old = wolfTunnel.pods().getFirst();
            cluster.client().resource(old).delete();
            wolfTunnel.expectStatusEventually(StatusExpectation.anyTunnel(
                    "a tunnel of another pod",
                    each -> !old.getMetadata().getName().equals(each.pod()) && "Connected".equals(each.state())));
            wolfTunnel.awaitPodsReady();
            answers(node);
        }
    }

    @Test
    void aTokenInAFileIsNeverInThePodsEnvironment() {
        String spec =
                cluster.sidecarSpecOnEveryNode().replace("{name: wolf-token}}", "{name: wolf-token}, delivery: File}");
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("token-file", spec)) {
            wolfTunnel.awaitReady();

            assertThat(wolfTunnel.pods())
                    .allSatisfy(pod -> assertThat(pod.getSpec().getContainers())
                            .flatExtracting(container -> container.getEnv())
                            .noneMatch(variable -> variable.getName().equals("RUNNER_TOKEN")));
            answers(wolfTunnel.status().tunnels().getFirst().wolfId());
        }
    }

    private void answers(String wolfId) {
        var response = cluster.controlPlane().throughTunnel(wolfId, "/api/v1/apps");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).contains("\"success\":true");
    }
}
