package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent does after SIGTERM, as a real process: drain, then the close handshake with 1001. */
class StoppingIT extends AgentSpec {

    @TempDir
    Path folder;

    private AgentProcess agent;
    private Connection control;

    private void startProcess(String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("-api-url", "http://" + server.authority(), "-wolf-id", "gpu-1"));
        all.addAll(List.of("-local", wolf.address()));
        all.addAll(List.of(flags));
        wolf.expectProbe();
        agent = AgentProcess.start(folder, Map.of("RUNNER_TOKEN", TOKEN), all);
        try {
            control = accepted();
        } catch (AssertionError e) {
            throw new AssertionError("the agent printed: " + agent.process.output(), e);
        }
        wolf.awaitProbe();
    }

    @AfterEach
    void kill() throws Exception {
        agent.close();
    }

    @Test
    void anIdleAgentClosesWith1001AndExitsWith0() throws Exception {
        startProcess();
        assertServes(control);
        agent.process.terminate();
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
        control.send(Frame.close(1001, ""));
        control.end();
        assertThat(agent.process.awaitExit()).isZero();
    }

    @Test
    void whileAStreamRunsItIsNotReadyTakesNoNewOnesAndWaits() throws Exception {
        startProcess("-drain", "60");
        StreamEnds stream = openStream(control);
        agent.process.terminate();
        agent.await(status -> status.path("state").asText().equals("Draining"), "state Draining");
        assertThat(agent.readyz()).isEqualTo(503);
        assertThat(agent.livez()).isEqualTo(200);
        String path = newPath();
        control.connReady(path);
        assertThat(pickupFailure(control, path)).contains("stopping");
        stream.atServer().binary("still running");
        assertThat(stream.atWolf().read(13)).isEqualTo(bytes("still running"));
        stream.atWolf().write(bytes("and done")).fin();
        assertThat(stream.atServer().readToEnd()).isEqualTo(bytes("and done"));
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
        assertThat(agent.process.awaitExit()).isZero();
    }

    @Test
    void whatStillRunsAfterTheDrainTimeIsCut() throws Exception {
        startProcess("-drain", "1");
        StreamEnds stream = openStream(control);
        stream.atServer().binary("x");
        stream.atWolf().read(1);
        agent.process.terminate();
        stream.atServer().end();
        assertThat(stream.atWolf().readToEnd()).isEmpty();
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
        assertThat(agent.process.awaitExit()).isZero();
    }

    @Test
    void aSecondSignalEndsItAtOnce() throws Exception {
        startProcess("-drain", "600");
        openStream(control);
        agent.process.terminate();
        agent.await(status -> status.path("state").asText().equals("Draining"), "state Draining");
        agent.process.terminate();
        assertThat(agent.process.awaitExit()).isNotZero();
    }

    @Test
    void anAgentThatNeverConnectedStopsToo() throws Exception {
        server.stop();
        wolf.expectProbe();
        agent = AgentProcess.start(
                folder,
                Map.of("RUNNER_TOKEN", TOKEN),
                List.of("-api-url", "http://" + server.authority(), "-wolf-id", "x", "-local", wolf.address()));
        agent.awaitUp();
        agent.await(
                status -> status.path("lastError").path("reason").asText().equals("ConnectFailure"), "ConnectFailure");
        agent.process.terminate();
        assertThat(agent.process.awaitExit()).isZero();
    }

    @Test
    void anAgentWhoseHandshakeIsUnderWayStopsToo() throws Exception {
        wolf.expectProbe();
        agent = AgentProcess.start(
                folder,
                Map.of("RUNNER_TOKEN", TOKEN),
                List.of("-api-url", "http://" + server.authority(), "-wolf-id", "x", "-local", wolf.address()));
        Connection unanswered = server.control();
        agent.process.terminate();
        unanswered.end();
        assertThat(agent.process.awaitExit()).isZero();
    }

    @Test
    void aServerThatNeitherReadsNorAnswersCannotHoldItUp() throws Exception {
        startProcess("-drain", "1");
        assertServes(control);
        for (int i = 0; i < 1000; i++) {
            control.send(Frame.of(Frame.PING, new byte[125]));
        }
        agent.process.terminate();
        assertThat(agent.process.awaitExit()).isZero();
    }
}
