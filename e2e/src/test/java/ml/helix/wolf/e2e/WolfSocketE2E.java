package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Wolf at a UNIX socket, its usual address; root creates the socket anew at each start of Wolf. */
@ExtendWith(TestCluster.Resolver.class)
class WolfSocketE2E {
    private final TestCluster cluster;

    WolfSocketE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    @AfterEach
    void removeWolf() {
        cluster.removePod("wolf-at-socket");
    }

    @Test
    void anAgentThatRunsAsRootReachesASocketForRootAlone() {
        startWolf("rwxr-xr-x");
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("socket-root", cluster.socketSpec("{runAsUser: 0}"))) {
            wolfTunnel.awaitReady();

            requireAnswer(wolfTunnel);
        }
    }

    @Test
    void aNonRootAgentReachesASocketOfItsGroup() {
        startWolf("rwxrwx---");
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("socket-group", cluster.socketSpec("{supplementalGroups: [0]}"))) {
            wolfTunnel.awaitReady();

            requireAnswer(wolfTunnel);
        }
    }

    @Test
    void afterARestartOfWolfTheSameAgentReachesTheNewSocket() {
        startWolf("rwxrwx---");
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("socket-restart", cluster.socketSpec("{supplementalGroups: [0]}"))) {
            wolfTunnel.awaitReady();
            List<String> before = wolfTunnel.podInstances();
            long connects = wolfTunnel.onlyTunnel().connects();

            removeWolf();
            startWolf("rwxrwx---");

            requireAnswer(wolfTunnel);
            assertThat(wolfTunnel.podInstances()).isEqualTo(before);
            assertThat(wolfTunnel.onlyTunnel().connects()).isEqualTo(connects);
        }
    }

    @Test
    void anAgentReachesTheSocketOfAWolfInItsPod() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("socket-sidecar", """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod:
                  nodeSelector: {kubernetes.io/hostname: %s}
                  securityContext: {runAsUser: 0}
                wolf:
                  address: unix:///var/run/wolf/wolf.sock
                  container:
                    image: "%s"
                    env:
                    - {name: WOLF_SOCKET_PATH, value: /var/run/wolf/wolf.sock}
                    - {name: READY_PORT, value: "8099"}
                    readinessProbe: {tcpSocket: {port: 8099}, periodSeconds: 1}
                """.formatted(
                        cluster.controlPlane().url(), cluster.nodes().getFirst(), StandInManifests.IMAGE))) {
            wolfTunnel.awaitReady();

            requireAnswer(wolfTunnel);
        }
    }

    private void startWolf(String mode) {
        cluster.apply(StandInManifests.wolfAtSocket(cluster.nodes().getFirst(), mode));
        cluster.awaitPodsReady("wolf", "socket");
    }

    private void requireAnswer(AppliedWolfTunnel wolfTunnel) {
        var response =
                cluster.controlPlane().throughTunnel(wolfTunnel.onlyTunnel().wolfId(), "/api/v1/apps");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).contains("\"success\":true");
    }
}
