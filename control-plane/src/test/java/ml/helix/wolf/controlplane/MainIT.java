package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.program.Version;
import ml.helix.wolf.testkit.ProgramProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the program as a process: what it prints, and its exit status. */
class MainIT {
    private static final Map<String, String> TOKENS = Map.of(
            "RUNNER_TOKEN",
            TestControlPlane.RUNNER_TOKEN,
            "ADMIN_TOKEN",
            TestControlPlane.ADMIN_TOKEN,
            "CONTROL_PLANE_STORE",
            "jdbc:h2:mem:test");

    @TempDir
    Path folder;

    @Test
    void versionPrintsTheVersionAndNothingElse() throws Exception {
        try (var program = ProgramProcess.start(Main.class, folder, Map.of(), "version")) {
            assertThat(program.awaitExit()).isZero();
            assertThat(program.output()).isEqualTo(Version.text() + "\n");
        }
    }

    @Test
    void helpNamesEveryFlag() throws Exception {
        try (var program = ProgramProcess.start(Main.class, folder, Map.of(), "--help")) {
            assertThat(program.awaitExit()).isZero();
            assertThat(program.output())
                    .contains("-listen, CONTROL_PLANE_LISTEN", "-runner-token-file", "-admin-token-file", "-forward");
        }
    }

    @Test
    void everyProblemIsNamedAtOnceAndTheStatusIs2() throws Exception {
        try (var program = ProgramProcess.start(
                Main.class, folder, Map.of("ADMIN_TOKEN", "two words"), "-forward=nothing", "--nonsense")) {
            assertThat(program.awaitExit()).isEqualTo(2);
            assertThat(program.output())
                    .contains("-forward (CONTROL_PLANE_FORWARD) must be address=id")
                    .contains("unknown flag --nonsense")
                    .contains("RUNNER_TOKEN is required")
                    .contains("ADMIN_TOKEN has a bad line 1: the token is shorter than 16 characters")
                    .doesNotContain("two words");
        }
    }

    @Test
    void anAddressThatIsTakenIsStatus1() throws Exception {
        try (var taken = new ServerSocket(0);
                var program =
                        ProgramProcess.start(Main.class, folder, TOKENS, "-listen=127.0.0.1:" + taken.getLocalPort())) {
            assertThat(program.awaitExit()).isEqualTo(1);
            assertThat(program.output()).contains("cannot listen on");
        }
    }

    @ParameterizedTest
    @CsvSource({":0,false", "127.0.0.1:0,false", "[::1]:0,false", "0.0.0.0:0,true"})
    void aForwardThatOthersCanReachIsWarnedOf(String address, boolean warned) throws Exception {
        try (var program = ProgramProcess.start(
                Main.class, folder, TOKENS, "-listen=127.0.0.1:0", "-forward=" + address + "=wolf-1")) {
            eventually("it serves", () -> program.output().contains("Serving HTTP"));
            assertThat(program.output().contains("controls Wolf at wolf-1, without a token"))
                    .isEqualTo(warned);
        }
    }

    @Test
    void withoutAFreeFileDescriptorItSaysSoOnceForEachPortAndGoesOnWhenThereIsOne() throws Exception {
        try (var program = ProgramProcess.start(
                List.of("sh", "-c", "ulimit -n 96; exec \"$@\"", "sh"),
                List.of(),
                Main.class,
                folder,
                TOKENS,
                List.of("-listen=127.0.0.1:0", "-forward=127.0.0.1:0=wolf-1"))) {
            int http = port(program, "Serving HTTP on port (\\d+)\\R");
            int forward = port(program, "Forwarding \\S*:(\\d+) to wolf-1\\R");
            var callers = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 96; i++) {
                    callers.add(new Socket("127.0.0.1", http));
                }
                eventually("the HTTP port says so", () -> refusals(program) == 1);
                // A descriptor that the program has just closed may let one in: the HTTP port's waiting callers take it
                // next.
                eventually("both say so", () -> {
                    callers.add(new Socket("127.0.0.1", forward));
                    return refusals(program) == 2;
                });
            } finally {
                for (Socket caller : callers) {
                    caller.close();
                }
            }
            eventually("it serves again", () -> isUp(http));
            assertThat(refusals(program)).isEqualTo(2);
        }
    }

    private static long refusals(ProgramProcess program) throws IOException {
        return program.output()
                .lines()
                .filter(line -> line.contains("can't be accepted"))
                .count();
    }

    private static boolean isUp(int port) {
        try (var caller = new Socket("127.0.0.1", port)) {
            caller.setSoTimeout(1000);
            caller.getOutputStream().write("GET /livez HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(caller.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).contains(" 200 ");
        } catch (IOException e) {
            return false;
        }
    }

    private static int port(ProgramProcess program, String line) throws Exception {
        Pattern serving = Pattern.compile(line);
        eventually("it serves", () -> serving.matcher(program.output()).find());
        Matcher port = serving.matcher(program.output());
        assertThat(port.find()).isTrue();
        return Integer.parseInt(port.group(1));
    }

    @Test
    void sigtermSaysGoodbyeToAgentsAndTheStatusIs0() throws Exception {
        try (var program = ProgramProcess.start(Main.class, folder, TOKENS, "-listen=127.0.0.1:0")) {
            int port = port(program, "Serving HTTP on port (\\d+)\\R");
            try (var agent = TestAgent.connect(port, "x", TestAgent.silent())) {
                program.terminate();

                assertThat(agent.awaitCloseCode()).isEqualTo(1001);
            }
            assertThat(program.awaitExit()).isZero();
            assertThat(program.output())
                    .doesNotContain(TestControlPlane.RUNNER_TOKEN)
                    .doesNotContain(TestControlPlane.ADMIN_TOKEN);
        }
    }
}
