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
        assertThat(settings.proxy()).isEmpty();
        assertThat(settings.drain()).isEqualTo(Duration.ofSeconds(20));
        assertThat(settings.logs()).isEqualTo(LogSettings.DEFAULT);
    }

    @Test
    void aFlagWinsOverTheEnvironmentWithOneDashOrTwo() throws UsageException {
        AgentSettings settings =
                settings(LEAST, "-api-url=http://flag:1", "--wolf-id", "gpu-2", "-listen", "off", "--drain=0");

        assertThat(settings.url()).hasToString("http://flag:1");
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
        assertThat(settings(environment).proxy()).hasToString("Optional[proxy:3128]");

        environment.put("NO_PROXY", "h");
        assertThat(settings(environment).proxy()).isEmpty();
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
