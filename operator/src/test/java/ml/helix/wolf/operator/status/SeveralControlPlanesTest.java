package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.Conditions.condition;
import static ml.helix.wolf.operator.status.Conditions.statusAndReason;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.AgentReport.ControlPlane;
import org.junit.jupiter.api.Test;

/** A node has one entry, whatever the number of its tunnels; it says which control plane is down. */
class SeveralControlPlanesTest {
    private static final Instant NOW = Instant.parse("2026-02-02T12:00:00Z");
    private static final ControlPlane UP = new ControlPlane("https://a", "Connected", Optional.empty(), false);
    private static final ControlPlane STARTING = new ControlPlane("https://d", "Connecting", Optional.empty(), false);

    @Test
    void tunnelThatIsDownBesideOneThatIsUpIsNamed() {
        var status = status(Scene.nodes(1).reports("n", down("https://b", "ConnectFailure", "refused"), UP));
        assertThat(status.summary()).isEqualTo("0/1 connected");
        assertThat(status.tunnels().getFirst().state()).isEqualTo("Disconnected");
        assertThat(status.tunnels().getFirst().reason()).isEqualTo("ConnectFailure");
        assertThat(status.tunnels().getFirst().message()).isEqualTo("https://b: refused; connected: https://a");
        assertThat(statusAndReason(status, "Ready")).isEqualTo("False ConnectFailure");
        assertThat(statusAndReason(status, "Stalled")).startsWith("False");
        assertThat(statusAndReason(status, "ControlPlaneReachable")).isEqualTo("False ConnectFailure");
        assertThat(message(status, "ControlPlaneReachable")).contains("n: https://b: refused");
        assertThat(statusAndReason(status, "Authenticated"))
                .as("by the one that is up")
                .isEqualTo("True TokenAccepted");
    }

    @Test
    void mostUrgentFailureIsTheNodesAndTheOthersAreNamed() {
        var status = status(Scene.nodes(1)
                .reports(
                        "n",
                        down("https://b", "DnsFailure", "no such name"),
                        down("https://c", "Unauthorized", "answered 401"),
                        UP));
        assertThat(status.tunnels().getFirst().reason()).isEqualTo("Unauthorized");
        assertThat(status.tunnels().getFirst().message())
                .isEqualTo("https://c: answered 401; also not connected: https://b (DnsFailure); connected: https://a");
        assertThat(statusAndReason(status, "Stalled")).isEqualTo("True Unauthorized");
        assertThat(statusAndReason(status, "Authenticated")).isEqualTo("False Unauthorized");
        assertThat(message(status, "Authenticated")).contains("https://c");
        assertThat(statusAndReason(status, "ControlPlaneReachable")).isEqualTo("False DnsFailure");
        assertThat(message(status, "ControlPlaneReachable")).isEqualTo("n: https://b is not connected");
    }

    @Test
    void firstConnectToOneOfThemIsInProgress() {
        var status = status(Scene.nodes(1).reports("n", STARTING, UP));
        assertThat(statusAndReason(status, "Reconciling")).isEqualTo("True Connecting");
        assertThat(message(status, "Ready")).contains("https://d: the agent is connecting for the first time");
        assertThat(statusAndReason(status, "ControlPlaneReachable")).isEqualTo("True Reachable");
    }

    @Test
    void allTunnelsUpIsConnected() {
        var other = new ControlPlane(
                "https://b", "Connected", Optional.of(new AgentReport.Failure("ConnectionLost", "over")), false);
        var status = status(Scene.nodes(1).reports("n", other, UP));
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
        assertThat(status.tunnels().getFirst().reason()).isNull();
    }

    @Test
    void controlPlaneThatRefusesANewerTokenIsNamed() {
        var refusing = new ControlPlane("https://b", "Connected", Optional.empty(), true);
        var status = status(Scene.nodes(1).reports("n", UP, refusing));
        assertThat(statusAndReason(status, "Authenticated")).isEqualTo("False TokenRefused");
        assertThat(message(status, "Authenticated")).contains("https://b refuses the Secret's new token");
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
    }

    @Test
    void settingInAFailureOfOneIsNamedAsTheField() {
        var status = status(Scene.nodes(1)
                .settings(Map.of("HELIX_API_URL", "spec.controlPlane.urls"))
                .reports("n", down("https://b", "NotFound", "check HELIX_API_URL"), UP));
        assertThat(status.tunnels().getFirst().message()).startsWith("https://b: check spec.controlPlane.urls;");
    }

    /** The agent is ready by its other tunnel, which says nothing of the one that is down. */
    @Test
    void newOperatorThatHasNoAnswerYetKeepsTheEntry() {
        var before = status(Scene.nodes(1).reports("n", down("https://b", "ConnectFailure", "refused"), UP));
        assertThat(Status.of(
                        Scene.nodes(1)
                                .severalControlPlanes()
                                .unanswered("n", true)
                                .observed(),
                        before,
                        NOW.plusSeconds(60)))
                .isEqualTo(before);
    }

    private static ControlPlane down(String url, String reason, String message) {
        return new ControlPlane(url, "Disconnected", Optional.of(new AgentReport.Failure(reason, message)), false);
    }

    private static WolfTunnelStatus status(Scene scene) {
        return Status.of(scene.observed(), null, NOW);
    }

    private static String message(WolfTunnelStatus status, String type) {
        return condition(status, type).getMessage();
    }
}
