package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.controlplane.ControlPlaneSettings.AuditOutput;
import ml.helix.wolf.controlplane.auth.IdGlob;
import ml.helix.wolf.controlplane.auth.TokenIssuer;
import ml.helix.wolf.controlplane.auth.TokenSource;
import ml.helix.wolf.controlplane.forward.Forward;
import ml.helix.wolf.controlplane.replica.PeerSettings;
import ml.helix.wolf.controlplane.routing.Strategy;
import ml.helix.wolf.controlplane.store.StorePassword;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.program.LogFormat;
import ml.helix.wolf.program.LogLevel;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlPlaneSettingsTest {
    private static final Map<String, String> TOKENS =
            Map.of("RUNNER_TOKEN", "runner-token-of-the-tests", "ADMIN_TOKEN", "admin-token-of-the-tests");

    @TempDir
    Path folder;

    @Test
    void tokensAreAllThatIsNeeded() throws UsageException {
        assertThat(read(TOKENS))
                .isEqualTo(new ControlPlaneSettings(
                        new InetSocketAddress(8080),
                        Optional.empty(),
                        Optional.empty(),
                        TokenSource.Fixed.of("runner-token-of-the-tests"),
                        Optional.empty(),
                        TokenSource.Fixed.of("admin-token-of-the-tests"),
                        List.of(),
                        AuditOutput.STDOUT,
                        Optional.empty(),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(30),
                        new StoreSettings("jdbc:h2:file:./wolf-control-plane", "", new StorePassword.None()),
                        Optional.empty(),
                        Strategy.LEAST_LOADED,
                        4,
                        LogSettings.DEFAULT));
    }

    @Test
    void everyFlagIsRead() throws Exception {
        Path runner = Files.writeString(folder.resolve("runner"), "from-file-0123456\n");
        Path admin = Files.writeString(folder.resolve("admin"), " also-from-file-0123456 ");

        assertThat(read(
                        TOKENS,
                        "-listen=127.0.0.1:0",
                        "-health-listen=:8082",
                        "--runner-token-file",
                        runner.toString(),
                        "-admin-token-file",
                        admin.toString(),
                        "-forward",
                        "127.0.0.1:19001=wolf-gpu-1, [::1]:0=wolf=2,:19002=wolf-3,0.0.0.0:19003=wolf-4",
                        "-audit-log=off",
                        "-grace=1",
                        "-dial-timeout=2",
                        "-heartbeat=3",
                        "-store=jdbc:postgresql://db:5432/wolf?sslmode=verify-full",
                        "-store-user=wolf",
                        "-store-password-file=" + runner,
                        "-peer-listen=:8081",
                        "-peer-address=fd00::5:8081",
                        "-drain=4",
                        "-routing=round-robin",
                        "-pool=64",
                        "-log-level=debug",
                        "-log-format=json"))
                .isEqualTo(new ControlPlaneSettings(
                        new InetSocketAddress("127.0.0.1", 0),
                        Optional.of(new InetSocketAddress(8082)),
                        Optional.empty(),
                        new TokenSource.InFile(runner),
                        Optional.empty(),
                        new TokenSource.InFile(admin),
                        List.of(
                                new Forward(new InetSocketAddress("127.0.0.1", 19001), "wolf-gpu-1"),
                                new Forward(new InetSocketAddress("::1", 0), "wolf=2"),
                                new Forward(new InetSocketAddress("127.0.0.1", 19002), "wolf-3"),
                                new Forward(new InetSocketAddress("0.0.0.0", 19003), "wolf-4")),
                        AuditOutput.OFF,
                        Optional.empty(),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(3),
                        new StoreSettings(
                                "jdbc:postgresql://db:5432/wolf?sslmode=verify-full",
                                "wolf",
                                new StorePassword.InFile(runner)),
                        Optional.of(
                                new PeerSettings(new InetSocketAddress(8081), "[fd00::5]:8081", Duration.ofSeconds(4))),
                        Strategy.ROUND_ROBIN,
                        64,
                        new LogSettings(LogLevel.DEBUG, LogFormat.JSON)));
    }

    @Test
    void replicasNeedPostgresAndAnAddress() {
        assertThat(problems(TOKENS, "-peer-listen=:8081"))
                .satisfiesExactlyInAnyOrder(
                        problem ->
                                assertThat(problem).contains("-peer-listen (PEER_LISTEN) needs -store jdbc:postgresql"),
                        problem -> assertThat(problem).contains("-peer-address (PEER_ADDRESS) is required"));
        assertThat(problems(TOKENS, "-peer-address=10.0.0.1:8081"))
                .singleElement()
                .asString()
                .contains("-peer-address (PEER_ADDRESS) needs -peer-listen");
        assertThat(problems(TOKENS, "-peer-listen=127.0.0.1:0", "-store=jdbc:postgresql:wolf", "-peer-address=here"))
                .singleElement()
                .asString()
                .contains("-peer-address (PEER_ADDRESS) must be host:port");
    }

    @Test
    void everyProblemIsNamedAtOnce() {
        assertThat(problems(
                        Map.of("ADMIN_TOKEN", "two words"),
                        "-listen=nowhere",
                        "-forward=127.0.0.1:19001,x:y=wolf-1,=wolf-2,127.0.0.1:19001=,:19001=wolf-\u202e1",
                        "-grace=soon",
                        "-routing=random",
                        "-pool=65",
                        "-balance=least-loaded"))
                .satisfiesExactlyInAnyOrder(
                        problem -> assertThat(problem).contains("unknown flag -balance"),
                        problem -> assertThat(problem)
                                .contains("-pool (CONTROL_PLANE_POOL) must be a number from 0 to 64"),
                        problem -> assertThat(problem)
                                .contains("-routing (CONTROL_PLANE_ROUTING) must be least-loaded or round-robin"),
                        problem -> assertThat(problem).contains("-listen (CONTROL_PLANE_LISTEN) must be"),
                        problem -> assertThat(problem).contains("-runner-token-file", "RUNNER_TOKEN is required"),
                        problem -> assertThat(problem)
                                .contains("ADMIN_TOKEN has a bad line 1: the token is shorter than 16 characters")
                                .doesNotContain("words"),
                        problem -> assertThat(problem)
                                .contains(
                                        "-forward",
                                        "'127.0.0.1:19001'",
                                        "'x:y=wolf-1'",
                                        "'=wolf-2'",
                                        "'127.0.0.1:19001='",
                                        "the id must be letters",
                                        "U+202E"),
                        problem -> assertThat(problem).contains("-grace"));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            jdbc:mysql://db/wolf                              , must be jdbc:postgresql
            jdbc:h2:tcp://db/wolf                             , must be jdbc:postgresql
            jdbc:h2:file:wolf                                 , must be jdbc:postgresql
            jdbc:h2:mem:                                      , must be jdbc:postgresql
            jdbc:postgresql://db:port/wolf                    , must be jdbc:postgresql
            postgresql://db/wolf                              , must be jdbc:postgresql
            jdbc:postgresql://db/wolf?user=w&Password=hidden  , must not contain
            jdbc:postgresql://wolf:hidden@db/wolf             , must not contain
            jdbc:h2:mem:wolf;PASSWORD=hidden                  , must not contain
            """)
    void aStoreThatCannotBeMeantIsAProblemAndItsPasswordIsNotRepeated(String url, String problem) {
        assertThat(problems(TOKENS, "-store=" + url)).singleElement().satisfies(sentence -> assertThat(sentence)
                .contains("-store (CONTROL_PLANE_STORE) " + problem)
                .doesNotContain("hidden"));
    }

    @Test
    void thePasswordOfTheStoreComesFromTheEnvironmentOrAFile() throws Exception {
        var environment = new HashMap<>(TOKENS);
        environment.put("CONTROL_PLANE_STORE_PASSWORD", "hidden");
        StoreSettings store = read(environment).store();
        assertThat(store.password().read()).isEqualTo("hidden");
        assertThat(store.toString()).doesNotContain("hidden");

        assertThat(problems(TOKENS, "-store-password-file=" + folder.resolve("missing")))
                .singleElement()
                .asString()
                .contains("-store-password-file", "can't be read", "missing");
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
        assertThat(problems(Map.of(
                        "RUNNER_TOKEN", "runner-token-of-the-tests", "ADMIN_TOKEN", "runner-token-of-the-tests")))
                .singleElement()
                .satisfies(
                        problem -> assertThat(problem).contains("are the same").doesNotContain("of-the-tests"));
    }

    @Test
    void noAdminTokenIsOneOfTheRunners() throws IOException {
        Path runners = Files.writeString(folder.resolve("runners"), "new-0123456789abcdef\nold-0123456789abcdef\n");

        assertThat(problems(Map.of(
                        "RUNNER_TOKEN_FILE", runners.toString(), "ADMIN_TOKEN", "you old-0123456789abcdef wolf-1")))
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("are the same"));
    }

    @Test
    void aBadLineIsNamedByItsNumberAndNothingOfItIsShown() throws IOException {
        Path runners = Files.writeString(folder.resolve("runners"), "gpu new-0123456789abcdef wolf-*\n\ntoo-short\n");

        assertThat(problems(
                        Map.of("RUNNER_TOKEN_FILE", runners.toString(), "ADMIN_TOKEN", "a\u00dfmin 0123456789abcdef")))
                .satisfiesExactly(
                        problem -> assertThat(problem)
                                .contains("RUNNER_TOKEN_FILE", "bad line 3", "shorter than 16")
                                .doesNotContain("too-short"),
                        problem -> assertThat(problem)
                                .contains("ADMIN_TOKEN has a bad line 1: the name must be")
                                .doesNotContain("min", "0123456789abcdef"));
    }

    @Test
    void tlsNeedsBothFilesAndAPair() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty"), "\n");

        assertThat(problems(TOKENS, "-tls-cert-file", empty.toString()))
                .containsExactly("-tls-cert-file (TLS_CERT_FILE) and -tls-key-file (TLS_KEY_FILE) belong together: give"
                        + " both, or none");
        assertThat(problems(TOKENS, "-tls-cert-file", empty.toString(), "-tls-key-file", empty.toString()))
                .containsExactly("no TLS with these files: " + empty + " has no certificate in PEM");
    }

    @Test
    void serviceAccountTokensNeedIssuerAndAudience() throws Exception {
        assertThat(problems(TOKENS, "-runner-issuer=https://issuer"))
                .containsExactly("ServiceAccount tokens need both -runner-issuer (RUNNER_ISSUER) and -runner-audience"
                        + " (RUNNER_AUDIENCE)");
        assertThat(problems(TOKENS, "-runner-audience=a")).hasSize(1);
        assertThat(problems(TOKENS, "-runner-issuer=http://issuer", "-runner-audience=a", "-runner-accounts=x"))
                .containsExactly(
                        "-runner-issuer (RUNNER_ISSUER) must be an https URL, as the tokens name it",
                        "-runner-accounts (RUNNER_ACCOUNTS) must be namespace/name globs, separated by commas, not 'x'");
        assertThat(problems(TOKENS, "-runner-issuer=https://i", "-runner-audience=a", "-runner-jwks-file=/none/jwks"))
                .containsExactly("-runner-jwks-file (RUNNER_JWKS_FILE) can't be read: /none/jwks");
        TokenIssuer issuer = read(TOKENS, "-runner-issuer=https://i", "-runner-audience=a")
                .issuer()
                .orElseThrow();
        assertThat(issuer.idPrefixes()).containsExactly("wolf-");
        assertThat(issuer.accounts()).containsExactly(new IdGlob("*/*-tunnel-agent"));
    }

    @Test
    void onlyAnAdminTokenCanBeReadOnly() {
        assertThat(problems(Map.of(
                        "RUNNER_TOKEN", "gpu 0123456789abcdef read", "ADMIN_TOKEN", "ops 0123456789abcdefg read")))
                .containsExactly("a runner token is marked read: only an admin token can be read-only");
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
