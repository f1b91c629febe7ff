package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final Flag URL = Flag.value("api-url", "API_URL", "", "where the server is.");
    private static final Flag TOKEN = Flag.value("token", "TOKEN", "", "the token.");
    private static final Flag WAIT = Flag.value("wait", "WAIT_SECONDS", "5", "how long to wait.");
    private static final Flag INSECURE = Flag.toggle("insecure", "INSECURE", "trusts anybody.");
    private static final Program PROGRAM = new Program(
            "agent", "Does its work.", List.of(URL, TOKEN, WAIT, INSECURE), Map.of("", "runs", "doctor", "checks"));

    @Test
    void aFlagTakesOneDashOrTwoAndItsValueAfterASpaceOrAnEqualsSign() {
        for (String[] args : new String[][] {
            {"-api-url", "http://a"}, {"--api-url", "http://a"}, {"-api-url=http://a"}, {"--api-url=http://a"}
        }) {
            assertThat(read(Map.of(), args).text(URL)).contains("http://a");
        }
    }

    @Test
    void aFlagWinsOverTheEnvironmentAndTheEnvironmentOverTheFallback() {
        assertThat(read(Map.of()).seconds(WAIT)).isEqualTo(Duration.ofSeconds(5));
        assertThat(read(Map.of("WAIT_SECONDS", "7")).seconds(WAIT)).isEqualTo(Duration.ofSeconds(7));
        assertThat(read(Map.of("WAIT_SECONDS", "7"), "-wait", "9").seconds(WAIT))
                .isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void anEmptyEnvironmentVariableIsUnset() {
        assertThat(read(Map.of("WAIT_SECONDS", "")).seconds(WAIT)).isEqualTo(Duration.ofSeconds(5));
        assertThat(read(Map.of("API_URL", "")).text(URL)).isEmpty();
    }

    @Test
    void aToggleStandsAloneOrSaysTrueOrFalse() {
        assertThat(read(Map.of()).toggle(INSECURE)).isFalse();
        assertThat(read(Map.of(), "-insecure").toggle(INSECURE)).isTrue();
        assertThat(read(Map.of("INSECURE", "true"), "--insecure=false").toggle(INSECURE))
                .isFalse();
        assertThat(read(Map.of("INSECURE", "1")).toggle(INSECURE)).isTrue();
    }

    @Test
    void everyProblemIsNamedAtOnce() {
        var settings = read(Map.of("INSECURE", "maybe"), "-nonsense", "-wait", "soon", "dance");
        settings.required(URL);
        settings.seconds(WAIT);
        settings.toggle(INSECURE);
        settings.problem("and another thing");

        var exception = catchThrowableOfType(UsageException.class, settings::done);

        assertThat(exception.problems())
                .containsExactlyInAnyOrder(
                        "unknown flag -nonsense",
                        "unknown command (not printed, it may be a secret)",
                        "-api-url (API_URL) is required: where the server is.",
                        "-wait (WAIT_SECONDS) must be whole seconds from 0 to 86400, not 'soon'",
                        "-insecure (INSECURE) must be true or false",
                        "and another thing");
        assertThat(exception.report(PROGRAM)).startsWith("agent: ").endsWith("Run 'agent -help' for the flags.\n");
    }

    @Test
    void aMistypedCommandIsRepeated() {
        assertThatThrownBy(() -> read(Map.of(), "docter").done()).hasMessage("unknown command 'docter'");
    }

    @Test
    void theValueOfAMistypedFlagIsNotRepeated() {
        assertThat(problems("-tokn", "hunter2")).noneMatch(problem -> problem.contains("hunter"));
        assertThat(problems("-tokn", "hunter")).noneMatch(problem -> problem.contains("hunter"));
        assertThat(problems("-token", "a", "hunter2")).noneMatch(problem -> problem.contains("hunter"));
        assertThat(problems("one", "hunter2")).noneMatch(problem -> problem.contains("hunter"));
    }

    private static List<String> problems(String... arguments) {
        return catchThrowableOfType(UsageException.class, read(Map.of(), arguments)::done)
                .problems();
    }

    @Test
    void aFlagWithoutItsValueSaysSo() {
        assertThatThrownBy(() -> read(Map.of(), "-token").done()).hasMessage("-token needs a value");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tokn=hunter2", "--tokn=hunter2", "-insecure=hunter2"})
    void aSecretInAMistypedFlagIsNotRepeated(String argument) {
        var settings = read(Map.of(), argument);
        settings.toggle(INSECURE);
        assertThatThrownBy(settings::done)
                .isInstanceOf(UsageException.class)
                .message()
                .doesNotContain("hunter2");
    }

    @Test
    void aCommandMayStandBeforeOrAfterFlags() {
        assertThat(read(Map.of(), "doctor", "-wait", "1").command()).isEqualTo("doctor");
        assertThat(read(Map.of(), "-wait", "1", "doctor").command()).isEqualTo("doctor");
        assertThat(read(Map.of()).command()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-help", "--help"})
    void helpIsAskedForInEachUsualWay(String argument) {
        assertThat(read(Map.of(), argument).helpWanted()).isTrue();
        assertThat(PROGRAM.usage()).contains("-api-url, API_URL", "Default: 5", "doctor");
    }

    @Test
    void aValueMayBeginWithAnAtSign() {
        assertThat(read(Map.of(), "-token", "@secret").text(TOKEN)).contains("@secret");
    }

    private static Settings read(Map<String, String> environment, String... args) {
        return Settings.read(PROGRAM, args, environment);
    }
}
