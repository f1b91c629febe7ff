package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Wolf's everyday address: a UNIX socket that root makes anew at each start of Wolf. */
@ExtendWith(Stage.Resolver.class)
class WolfSocketE2E {
    private final Stage stage;

    WolfSocketE2E(Stage stage) {
        this.stage = stage;
    }

    @AfterEach
    void removeWolf() {
        stage.removePod("wolf-at-socket");
    }

    @Test
    void aSocketThatOnlyRootMayUseIsReachedByAnAgentThatRunsAsRoot() {
        startWolf("rwxr-xr-x");
        try (Tunnel tunnel = stage.tunnel("socket-root", socketTunnel("{runAsUser: 0}"))) {
            tunnel.awaitReady();

            answersWithinTheRequestsOwnTime(tunnel);
        }
    }

    @Test
    void aSocketThatAGroupMayUseIsReachedByANonRootAgentOfThatGroup() {
        startWolf("rwxrwx---");
        try (Tunnel tunnel = stage.tunnel("socket-group", socketTunnel("{supplementalGroups: [0]}"))) {
            tunnel.awaitReady();

            answersWithinTheRequestsOwnTime(tunnel);
        }
    }

    @Test
    void aRestartedWolfsNewSocketServesTheNextRequestAndTheAgentRunsOn() {
        startWolf("rwxrwx---");
        try (Tunnel tunnel = stage.tunnel("socket-restart", socketTunnel("{supplementalGroups: [0]}"))) {
            tunnel.awaitReady();
            List<String> before = tunnel.instances();
            long connects = tunnel.only().connects();

            removeWolf();
            startWolf("rwxrwx---");

            answersWithinTheRequestsOwnTime(tunnel);
            assertThat(tunnel.instances()).isEqualTo(before);
            assertThat(tunnel.only().connects()).isEqualTo(connects);
        }
    }

    @Test
    void aSocketIsSharedWithAWolfInTheSamePod() {
        try (Tunnel tunnel = stage.tunnel("socket-sidecar", """
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
                        stage.controlPlane().url(), stage.nodes().getFirst(), Parts.IMAGE))) {
            tunnel.awaitReady();

            answersWithinTheRequestsOwnTime(tunnel);
        }
    }

    private void startWolf(String mode) {
        stage.apply(Parts.wolfAtSocket(stage.nodes().getFirst(), mode));
        stage.ready("wolf", "socket");
    }

    private String socketTunnel(String securityContext) {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod:
                  nodeSelector: {kubernetes.io/hostname: %s}
                  securityContext: %s
                wolf: {address: "unix://%s/wolf.sock"}
                """.formatted(
                        stage.controlPlane().url(), stage.nodes().getFirst(), securityContext, Parts.SOCKET_FOLDER);
    }

    private void answersWithinTheRequestsOwnTime(Tunnel tunnel) {
        var response = stage.controlPlane().throughTunnel(tunnel.only().wolfId(), "/api/v1/apps");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).contains("\"success\":true");
    }
}
