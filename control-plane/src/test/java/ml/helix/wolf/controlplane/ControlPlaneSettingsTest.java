package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.controlplane.auth.RunnerTokens;
import ml.helix.wolf.controlplane.forward.Forward;
import ml.helix.wolf.program.LogFormat;
import ml.helix.wolf.program.LogLevel;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlPlaneSettingsTest {
    private static final Map<String, String> TOKENS = Map.of("RUNNER_TOKEN", "run", "ADMIN_TOKEN", "adm");

    @TempDir
    Path folder;

    @Test
    void tokensAreAllThatIsNeeded() throws UsageException {
        assertThat(read(TOKENS))
                .isEqualTo(new ControlPlaneSettings(
                        new InetSocketAddress(8080),
                        new RunnerTokens.Fixed(Secret.of("run")),
                        Secret.of("adm"),
                        List.of(),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(30),
                        LogSettings.DEFAULT));
    }

    @Test
    void everyFlagIsRead() throws Exception {
        Path runner = Files.writeString(folder.resolve("runner"), "from-file\n");
        Path admin = Files.writeString(folder.resolve("admin"), " also-from-file ");

        assertThat(read(
                        TOKENS,
                        "-listen=127.0.0.1:0",
                        "--runner-token-file",
                        runner.toString(),
                        "-admin-token-file",
                        admin.toString(),
                        "-forward",
                        "127.0.0.1:19001=wolf-gpu-1, [::1]:0=wolf=2",
                        "-grace=1",
                        "-dial-timeout=2",
                        "-log-level=debug",
                        "-log-format=json"))
                .isEqualTo(new ControlPlaneSettings(
                        new InetSocketAddress("127.0.0.1", 0),
                        new RunnerTokens.InFile(runner),
                        Secret.of("also-from-file"),
                        List.of(
                                new Forward(new InetSocketAddress("127.0.0.1", 19001), "wolf-gpu-1"),
                                new Forward(new InetSocketAddress("::1", 0), "wolf=2")),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        new LogSettings(LogLevel.DEBUG, LogFormat.JSON)));
    }

    @Test
    void everyProblemIsNamedAtOnce() {
        assertThat(problems(
                        Map.of("ADMIN_TOKEN", "two words"),
                        "-listen=nowhere",
                        "-forward=127.0.0.1:19001,x:y=wolf-1,=wolf-2,127.0.0.1:19001=",
                        "-grace=soon",
                        "-routing=least-loaded"))
                .satisfiesExactlyInAnyOrder(
                        problem -> assertThat(problem).contains("unknown flag -routing"),
                        problem -> assertThat(problem).contains("-listen (CONTROL_PLANE_LISTEN) must be"),
                        problem -> assertThat(problem).contains("-runner-token-file", "RUNNER_TOKEN is required"),
                        problem -> assertThat(problem)
                                .contains("ADMIN_TOKEN has a space")
                                .doesNotContain("words"),
                        problem -> assertThat(problem)
                                .contains(
                                        "-forward",
                                        "'127.0.0.1:19001'",
                                        "'x:y=wolf-1'",
                                        "'=wolf-2'",
                                        "'127.0.0.1:19001='"),
                        problem -> assertThat(problem).contains("-grace"));
    }

    @Test
    void aTokenFileThatIsMissingOrEmptyIsAProblem() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty"), "\n");

        assertThat(problems(Map.of(
                        "RUNNER_TOKEN_FILE",
                        folder.resolve("missing").toString(),
                        "ADMIN_TOKEN_FILE",
                        empty.toString())))
                .satisfiesExactly(
                        problem -> assertThat(problem).contains("RUNNER_TOKEN_FILE", "can't be read", "missing"),
                        problem -> assertThat(problem).contains("ADMIN_TOKEN_FILE", "is empty"));
    }

    @Test
    void oneTokenForBothIsAProblem() {
        assertThat(problems(Map.of("RUNNER_TOKEN", "same", "ADMIN_TOKEN", "same")))
                .singleElement()
                .satisfies(
                        problem -> assertThat(problem).contains("are the same").doesNotContain("\"same\""));
    }

    @Test
    void theAdminTokenIsNoneOfTheRunnersAndOnlyOne() throws IOException {
        Path runners = Files.writeString(folder.resolve("runners"), "new\nold\n");

        assertThat(problems(Map.of("RUNNER_TOKEN_FILE", runners.toString(), "ADMIN_TOKEN", "old")))
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("are the same"));
        assertThat(problems(Map.of("RUNNER_TOKEN", "run", "ADMIN_TOKEN_FILE", runners.toString())))
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("ADMIN_TOKEN_FILE", "more than one"));
    }

    private static List<String> problems(Map<String, String> environment, String... args) {
        var caught = new java.util.concurrent.atomic.AtomicReference<List<String>>();
        assertThatThrownBy(() -> read(environment, args))
                .isInstanceOfSatisfying(UsageException.class, e -> caught.set(e.problems()));
        return caught.get();
    }

    private static ControlPlaneSettings read(Map<String, String> environment, String... args) throws UsageException {
        Settings settings = Settings.read(ControlPlaneSettings.PROGRAM, args, environment);
        return ControlPlaneSettings.read(settings, environment);
    }
}
