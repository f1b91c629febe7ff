package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LogsTest {
    private final PrintStream stderr = System.err;
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @AfterEach
    void restore() {
        System.setErr(stderr);
        Logs.configure(LogSettings.DEFAULT);
    }

    @Test
    void textHasTimeLevelAndKeyValuePairs() {
        configure(LogLevel.INFO, LogFormat.TEXT);
        LoggerFactory.getLogger("ml.helix.wolf.Agent")
                .atInfo()
                .addKeyValue("id", "wolf-1")
                .log("connected");
        assertThat(lines()).matches("\\d{4}-.*Z INFO  Agent: connected ?id=\"wolf-1\" ?\n");
    }

    @Test
    void jsonIsOneObjectALine() {
        configure(LogLevel.INFO, LogFormat.JSON);
        LoggerFactory.getLogger("ml.helix.wolf.Agent").info("connected to {}", "here");
        assertThat(lines()).startsWith("{").endsWith("}\n").contains("\"formattedMessage\":\"connected to here\"");
    }

    @Test
    void belowTheLevelNothingIsWrittenAndLibrariesSpeakFromWarningsOn() {
        configure(LogLevel.DEBUG, LogFormat.TEXT);
        LoggerFactory.getLogger("ml.helix.wolf.Agent").trace("hidden");
        LoggerFactory.getLogger("org.library").info("hidden");
        assertThat(lines()).isEmpty();
        LoggerFactory.getLogger("ml.helix.wolf.Agent").debug("shown");
        LoggerFactory.getLogger("org.library").warn("shown too");
        assertThat(lines()).contains("shown", "shown too");
    }

    @Test
    void aSilencedLibrarySaysNothing() {
        configure(LogLevel.INFO, LogFormat.TEXT);
        Logs.silence("org.library");
        LoggerFactory.getLogger("org.library.Chatty").error("hidden");
        assertThat(lines()).isEmpty();
    }

    private void configure(LogLevel level, LogFormat format) {
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
        Logs.configure(new LogSettings(level, format));
    }

    private String lines() {
        return written.toString(StandardCharsets.UTF_8);
    }
}
