package ml.helix.wolf.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentSettingsTest {
    private static final Map<String, String> LEAST =
            Map.of("HELIX_API_URL", "https://h", "WOLF_ID", "gpu-1", "RUNNER_TOKEN", "t");

    @Test
    void theRequiredSettingsAloneGiveTheDefaults() throws UsageException {
        AgentSettings settings = settings(LEAST);

        assertThat(settings.runnerId()).isEqualTo("wolf-gpu-1");
        assertThat(settings.wolfId()).contains("gpu-1");
        assertThat(settings.tokens()).isEqualTo(new TokenSource.Fixed(Secret.of("t")));
        assertThat(settings.local()).isEqualTo(new WolfAddress.Tcp("localhost", 8080));
        assertThat(settings.allowed()).isEmpty();
        assertThat(settings.reconnect()).hasSeconds(5);
        assertThat(settings.listen()).contains(new InetSocketAddress(9797));
        assertThat(settings.controlPlanes()).hasToString("[https://h]");
        assertThat(settings.drain()).isEqualTo(Duration.ofSeconds(20));
        assertThat(settings.logs()).isEqualTo(LogSettings.DEFAULT);
    }

    @Test
    void aFlagWinsOverTheEnvironmentWithOneDashOrTwo() throws UsageException {
        AgentSettings settings =
                settings(LEAST, "-api-url=http://flag:1", "--wolf-id", "gpu-2", "-listen", "off", "--drain=0");

        assertThat(settings.controlPlanes()).hasToString("[http://flag:1]");
        assertThat(settings.runnerId()).isEqualTo("wolf-gpu-2");
        assertThat(settings.listen()).isEmpty();
        assertThat(settings.drain()).isZero();
    }

    @Test
    void theAllowListComesFromFlagOrEnvironment() throws UsageException {
        var environment = new HashMap<>(LEAST);
        environment.put("WOLF_ALLOW", "GET /api/v1/apps; POST /api/v1/sessions/*");
        assertThat(settings(environment).allowed())
                .contains(AllowList.parse("GET /api/v1/apps; POST /api/v1/sessions/*"));
        assertThat(settings(environment, "-allow", "GET /**").allowed()).contains(AllowList.parse("GET /**"));
        assertThatThrownBy(() -> settings(environment, "-allow", "GET /a/../b")).hasMessageContaining("-allow");
    }

    @Test
    void aWolfIdIsAlwaysPrefixedAndARunnerIdNever() throws UsageException {
        assertThat(settings(LEAST, "-wolf-id", "wolf-1").runnerId()).isEqualTo("wolf-wolf-1");
        AgentSettings verbatim =
                settings(Map.of("HELIX_API_URL", "https://h", "RUNNER_ID", "sandbox 7", "RUNNER_TOKEN", "t"));
        assertThat(verbatim.runnerId()).isEqualTo("sandbox 7");
        assertThat(verbatim.wolfId()).isEmpty();
    }

    @Test
    void aTokenFileWinsOverATokenAndNeedNotExistYet() throws UsageException {
        assertThat(settings(LEAST, "-token-file", "/no/such/file").tokens())
                .isEqualTo(new TokenSource.InFile(Path.of("/no/such/file")));
    }

    @Test
    void theEnvironmentsProxyAndNoProxyAreUsed() throws UsageException {
        Map<String, String> environment = new HashMap<>(LEAST);
        environment.put("HTTPS_PROXY", "http://user:hunter2@proxy:3128");
        assertThat(settings(environment).controlPlanes()).hasToString("[https://h through proxy proxy:3128]");

        environment.put("NO_PROXY", "h");
        assertThat(settings(environment, "-api-url", "https://h,https://g").controlPlanes())
                .as("chosen for each")
                .hasToString("[https://h, https://g through proxy proxy:3128]");
    }

    @Test
    void severalControlPlanesAreSeparatedByCommas() throws UsageException {
        assertThat(settings(LEAST, "-api-url", " https://a/x,y , WSS://b:443/,http://a")
                        .controlPlanes())
                .as("a comma that no URL follows belongs to a path")
                .hasToString("[https://a/x,y, https://b, http://a]");
        assertThat(settings(LEAST, "-api-url", "https://a/x%2Chttps://b").controlPlanes())
                .hasToString("[https://a/x%2Chttps://b]");
        assertThat(settings(LEAST, "-api-url", "http://a,https://b,ws://c").warnings())
                .containsExactly(
                        "-api-url has http://a: anybody on the way can read the token and all streams; use https://",
                        "-api-url has http://c: anybody on the way can read the token and all streams; use https://");
    }

    @Test
    void eachProblemOfAListIsNamedAtOnceAndNoPasswordIsRepeated() {
        String list =
                "https://user:hunter2@a,https://B:443/,https://b?x,https://b," + "https://c,".repeat(6) + "http://d";
        assertThatThrownBy(() -> settings(LEAST, "-api-url", list))
                .isInstanceOfSatisfying(UsageException.class, e -> assertThat(e.problems())
                        .contains(
                                "-api-url (HELIX_API_URL) has 11 URLs, and at most 8 are allowed",
                                "-api-url (HELIX_API_URL) must not carry a user or a password; the token has a flag of its"
                                        + " own (URL 1 of 11)",
                                "-api-url (HELIX_API_URL) must end with its path, without ? or # (URL 3 of 11)",
                                "-api-url (HELIX_API_URL) names one control plane twice: https://b (URLs 2 and 4 of 11)")
                        .noneMatch(problem -> problem.contains("hunter2")));
        assertThatThrownBy(() -> settings(LEAST, "-api-url", "https://a,,https://b"))
                .hasMessageContaining("must have one comma between two URLs (URL 1 of 2)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-api-url | helix | -api-url (HELIX_API_URL) must begin with",
                "-local | unix://x | -local (WOLF_LOCAL_ADDR) must be unix:// and an absolute path",
                "-reconnect | 0 | -reconnect (RECONNECT_SECONDS) must be at least 1",
                "-reconnect | -1 | -reconnect",
                "-listen | here | -listen (AGENT_LISTEN) must be :port",
                "-ca-file | /no/such.pem | -ca-file (HELIX_CA_FILE) '/no/such.pem' can't be read",
                "-insecure | maybe | -insecure (HELIX_INSECURE_TLS) must be true or false",
                "-proxy | socks5://p | -proxy must begin with http:// or https://",
                "-log-level | loud | -log-level (LOG_LEVEL) must be",
                "-o | xml | -o must be table or json"
            })
    void aBadValueIsAProblemThatNamesItsFlag(String flag, String value, String problem) {
        assertThatThrownBy(() -> settings(LEAST, flag + "=" + value))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void nothingAtAllIsThreeProblemsAtOnce() {
        assertThatThrownBy(() -> settings(Map.of()))
                .isInstanceOfSatisfying(
                        UsageException.class, e -> assertThat(e.problems()).hasSize(3));
    }

    @Test
    void aSecretIsInNoToString() throws UsageException {
        Map<String, String> environment = new HashMap<>(LEAST);
        environment.put("RUNNER_TOKEN", "hunter1");
        environment.put("HTTPS_PROXY", "http://user:hunter2@proxy:3128");

        assertThat(settings(environment).toString()).doesNotContain("hunter");
    }

    private static AgentSettings settings(Map<String, String> environment, String... flags) throws UsageException {
        return AgentSettings.of(Settings.read(AgentSettings.PROGRAM, flags, environment), environment);
    }
}
