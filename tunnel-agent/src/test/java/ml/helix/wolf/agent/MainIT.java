package ml.helix.wolf.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.agent.peer.ScriptedConnection;
import ml.helix.wolf.agent.peer.ScriptedServer;
import ml.helix.wolf.program.Version;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.ProgramProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process: its output and its exit status. */
@Timeout(60)
class MainIT {
    private static final String TOKEN = "a-token-that-nobody-sees";
    private static final String CONN_READY =
            "{\"command\":\"conn-ready\",\"connPath\":\"/revdial?revdial.dialer=d\"}\n";

    private final List<Process> started = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void killLeftProcesses() {
        started.forEach(Process::destroyForcibly);
    }

    @Test
    void versionPrintsTheVersionAndNothingElse() throws Exception {
        Process process = run(Map.of(), "version");

        assertThat(exit(process)).isZero();
        assertThat(out()).isEqualTo(Version.text() + "\n");
        assertThat(err()).isEmpty();
    }

    @Test
    void everyProblemIsNamedAtOnceAndTheExitStatusIs2() throws Exception {
        Process process =
                run(Map.of("RUNNER_TOKEN", "two words"), "-api-url", "ftp://x", "--nonsense", "-drain", "soon");

        assertThat(exit(process)).isEqualTo(2);
        assertThat(err())
                .contains("-api-url (HELIX_API_URL) must begin with")
                .contains("unknown flag --nonsense")
                .contains("-drain (DRAIN_SECONDS) must be whole seconds")
                .contains("-wolf-id (WOLF_ID) is required")
                .contains("-token (RUNNER_TOKEN) has a space")
                .doesNotContain("two words");
    }

    @Test
    void aTakenAddressIsExitStatus1() throws Exception {
        try (var taken = ScriptedServer.plain()) {
            Process process = run(
                    Map.of("HELIX_API_URL", "http://127.0.0.1:1", "WOLF_ID", "x", "RUNNER_TOKEN", TOKEN),
                    "-listen",
                    "127.0.0.1:" + taken.port());

            assertThat(exit(process)).isEqualTo(1);
            assertThat(err()).contains("cannot listen on");
        }
    }

    @Test
    void sigtermSendsACloseFrameAndTheExitStatusIs0() throws Exception {
        try (var server = ScriptedServer.plain()) {
            Process process = agent(server);
            try (ScriptedConnection control = server.next().upgrade()) {
                RunningAgent.await(() -> assertThat(err()).contains("Connected"));
                process.destroy();

                ScriptedConnection.Frame close = control.next();
                assertThat(close.opcode()).isEqualTo(8);
                assertThat(close.payload()).containsExactly(1001 >> 8, (byte) 1001);
                control.closeFrame(1001).fin();
                assertThat(exit(process)).isZero();
            }
            assertThat(out() + err()).contains("Connected").contains("Stopped").doesNotContain(TOKEN);
            assertThat(err()).containsOnlyOnce("-api-url is http://");
        }
    }

    @Test
    void aSecondSignalEndsItAtOnce() throws Exception {
        try (var server = ScriptedServer.plain();
                var wolf = FakeWolf.onLoopback().start()) {
            Process process = agent(server, "-local", wolf.local(), "-drain", "600");
            try (ScriptedConnection control = server.next().upgrade()) {
                control.binary(CONN_READY);
                try (ScriptedConnection _ = server.next().upgrade()) {
                    RunningAgent.await(() -> assertThat(wolf.openConnections()).isOne());
                    process.destroy();
                    RunningAgent.await(() -> assertThat(err()).contains("Stopping"));
                    control.binary(CONN_READY);
                    assertThat(control.line()).contains("stopping");
                    assertThat(process.isAlive()).as("waits for its stream").isTrue();

                    process.destroy();

                    assertThat(exit(process)).isEqualTo(1);
                }
            }
        }
    }

    /** With so little heap the agent takes a few streams only. */
    @Test
    void theBoundOnStreamsHoldsForAllControlPlanesTogether() throws Exception {
        try (var one = ScriptedServer.plain();
                var other = ScriptedServer.plain();
                var wolf = FakeWolf.onLoopback().start()) {
            run(
                    List.of("-XX:+UseSerialGC", "-Xmx12m"),
                    Map.of("RUNNER_TOKEN", TOKEN, "WOLF_ID", "x", "AGENT_LISTEN", "off", "WOLF_REGISTER", "false"),
                    "-api-url",
                    "http://127.0.0.1:" + one.port() + ",http://127.0.0.1:" + other.port(),
                    "-local",
                    wolf.local());
            try (ScriptedConnection first = one.next().upgrade();
                    ScriptedConnection second = other.next().upgrade()) {
                List<ScriptedConnection> streams = new ArrayList<>();
                for (first.binary(CONN_READY); answered(first, one).hasWaiting(); first.binary(CONN_READY)) {
                    streams.add(one.next().upgrade());
                }
                assertThat(first.line()).contains("pickup-failed").contains("too many streams");
                assertThat(streams).hasSizeGreaterThan(7);
                second.binary(CONN_READY);
                assertThat(second.line()).contains("pickup-failed").contains("too many streams");

                streams.removeLast().closeFrame(1000).close();
                RunningAgent.await(() -> assertThat(wolf.openConnections()).isEqualTo(streams.size()));
                ScriptedConnection data = null;
                while (data == null) { // the agent gives the stream's place back a moment after Wolf's connection
                    second.binary(CONN_READY);
                    data = answered(second, other).hasWaiting() ? other.next().upgrade() : null;
                    if (data == null) {
                        assertThat(second.line()).contains("too many streams");
                    }
                }
                data.close();
                streams.forEach(ScriptedConnection::close);
            }
        }
    }

    /** The server, when it has a pickup's connection or the control connection has a line. */
    private static ScriptedServer answered(ScriptedConnection control, ScriptedServer server) throws Exception {
        RunningAgent.await(
                () -> assertThat(control.hasInput() || server.hasWaiting()).isTrue());
        return server;
    }

    @Test
    void anAgentThatRunsOutOfHeapEndsItself() throws Exception {
        Path tooBig = folder.resolve("ca.pem");
        Files.write(tooBig, new byte[32 << 20]);
        try (var server = ScriptedServer.plain()) {
            Process process = run(
                    List.of("@" + Path.of("jvm.options"), "-Xmx16m"),
                    Map.of("RUNNER_TOKEN", TOKEN),
                    "-api-url",
                    "https://127.0.0.1:" + server.port(),
                    "-ca-file",
                    tooBig.toString(),
                    "-wolf-id",
                    "x",
                    "-listen",
                    "off");

            assertThat(exit(process)).isEqualTo(3);
            assertThat(out()).contains("Terminating due to java.lang.OutOfMemoryError");
        }
    }

    private Process agent(ScriptedServer server, String... flags) throws IOException {
        return run(
                Map.of(
                        "HELIX_API_URL",
                        "http://127.0.0.1:" + server.port(),
                        "WOLF_ID",
                        "gpu-1",
                        "RUNNER_TOKEN",
                        TOKEN,
                        "AGENT_LISTEN",
                        "off"),
                flags);
    }

    private Process run(Map<String, String> environment, String... arguments) throws IOException {
        return run(ProgramProcess.SHORT_RUN, environment, arguments);
    }

    private Process run(List<String> jvm, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static int exit(Process process) throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("ends").isTrue();
        return process.exitValue();
    }

    private String out() throws IOException {
        return Files.readString(folder.resolve("out"));
    }

    private String err() {
        try {
            return Files.readString(folder.resolve("err"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
