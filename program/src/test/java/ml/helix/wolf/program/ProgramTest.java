package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgramTest {
    private static final Flag URL = Flag.value("url", "URL", "", "where the server is.");
    private static final Program PROGRAM =
            new Program("agent", "Does its work.", List.of(URL), Map.of("", "runs", "version", "prints it"));

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private boolean worked;

    @Test
    void theBodysStatusIsThePrograms() throws InterruptedException {
        assertThat(run("-url", "http://a")).isEqualTo(7);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void helpAndVersionArePrintedWithoutTheBody() throws InterruptedException {
        assertThat(run("-help")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(PROGRAM.usage());

        out.reset();
        assertThat(run("version")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(Version.text() + System.lineSeparator());
        assertThat(worked).isFalse();
    }

    @Test
    void badUsageIsNamedOnStandardErrorAndIsStatus2() throws InterruptedException {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("agent: -url")
                .contains("agent -help");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();

        assertThat(run("version", "-no-such-flag")).isEqualTo(2);
    }

    private int run(String... arguments) throws InterruptedException {
        return PROGRAM.run(arguments, Map.of(), new PrintStream(out), new PrintStream(err), settings -> {
            settings.required(URL);
            settings.done();
            worked = true;
            return 7;
        });
    }
}
