package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each way to place Wolf and to name it: the tunnel becomes Ready and carries a request from outside to that Wolf. */
@ExtendWith(Stage.Resolver.class)
class TunnelModesE2E {
    private final Stage stage;

    TunnelModesE2E(Stage stage) {
        this.stage = stage;
    }

    @Test
    void aWolfBesideTheAgentInItsPodIsReachedOnLocalhost() {
        try (Tunnel tunnel =
                stage.tunnel("sidecar", """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                wolf:
                  address: localhost:8080
                  container: %s
                """.formatted(stage.controlPlane().url(), Parts.sidecarWolf()))) {
            tunnel.awaitReady();

            assertThat(tunnel.status().summary()).isEqualTo("2/2 connected");
            assertThat(tunnel.status().tunnels())
                    .extracting(TunnelStatus::node)
                    .containsExactlyInAnyOrderElementsOf(stage.nodes());
            assertThat(tunnel.pods())
                    .noneMatch(pod -> Boolean.TRUE.equals(pod.getSpec().getHostNetwork()));
            assertThat(tunnel.status().tunnels()).allSatisfy(each -> answers(each.wolfId()));
        }
    }

    @Test
    void aWolfOnTheNodesNetworkIsReachedFromAPodOnTheNodesNetwork() {
        stage.apply(Parts.wolfOnEveryNode());
        stage.rolledOut(Stage.NAMESPACE, "daemonset/wolf");
        try (Tunnel tunnel =
                stage.tunnel("host-network", """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                wolf: {address: "$(NODE_IP):%d"}
                """.formatted(stage.controlPlane().url(), Parts.NODE_PORT))) {
            tunnel.awaitReady();

            assertThat(tunnel.pods()).allMatch(pod -> pod.getSpec().getHostNetwork());
            assertThat(tunnel.status().tunnels())
                    .hasSameSizeAs(stage.nodes())
                    .allSatisfy(each -> answers(each.wolfId()));
        }
    }

    @Test
    void theIdIsThePodsNameUnlessToldOtherwise() {
        try (Tunnel tunnel = stage.tunnel("pod-name", onFirstNode("wolfId: {prefix: lab-}"))) {
            tunnel.awaitReady();

            String pod = tunnel.pods().getFirst().getMetadata().getName();
            assertThat(tunnel.only().wolfId()).isEqualTo("lab-" + pod);
            answers("lab-" + pod);
        }
    }

    @Test
    void theIdIsTheNodesNameOnRequestAndOutlivesThePod() {
        try (Tunnel tunnel = stage.tunnel("node-name", onFirstNode("wolfId: {source: NodeName}"))) {
            tunnel.awaitReady();
            String node = stage.nodes().getFirst();
            assertThat(tunnel.only().wolfId()).isEqualTo(node);

            Pod old = tunnel.pods().getFirst();
            stage.client().resource(old).delete();
            tunnel.showsInTime(Sign.anyTunnel(
                    "a tunnel of another pod",
                    each -> !old.getMetadata().getName().equals(each.pod()) && "Connected".equals(each.state())));
            tunnel.podsAreReady();
            answers(node);
        }
    }

    @Test
    void aTokenInAFileIsNeverInThePodsEnvironment() {
        try (Tunnel tunnel =
                stage.tunnel("token-file", """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}, delivery: File}
                wolf:
                  address: localhost:8080
                  container: %s
                """.formatted(stage.controlPlane().url(), Parts.sidecarWolf()))) {
            tunnel.awaitReady();

            assertThat(tunnel.pods()).allSatisfy(pod -> assertThat(pod.getSpec().getContainers())
                    .flatExtracting(container -> container.getEnv())
                    .noneMatch(variable -> variable.getName().equals("RUNNER_TOKEN")));
            answers(tunnel.status().tunnels().getFirst().wolfId());
        }
    }

    private String onFirstNode(String wolfId) {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod: {nodeSelector: {kubernetes.io/hostname: %s}}
                %s
                wolf:
                  address: localhost:8080
                  container: %s
                """.formatted(stage.controlPlane().url(), stage.nodes().getFirst(), wolfId, Parts.sidecarWolf());
    }

    private void answers(String wolfId) {
        var response = stage.controlPlane().throughTunnel(wolfId, "/api/v1/apps");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).contains("\"success\":true");
    }
}
