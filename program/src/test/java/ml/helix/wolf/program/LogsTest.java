package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

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
    void linesAboutOneStreamSayWhichDialAndTrace() {
        configure(LogLevel.INFO, LogFormat.TEXT);
        try (var _ = MDC.putCloseable("dial", "0af7");
                var _ = MDC.putCloseable("traceparent", "00-1")) {
            LoggerFactory.getLogger("ml.helix.wolf.Agent").info("closed");
        }
        LoggerFactory.getLogger("ml.helix.wolf.Agent").info("stopped");
        assertThat(lines()).contains("Agent: closed dial=0af7 traceparent=00-1\n", "Agent: stopped\n");
    }

    @Test
    void jsonIsOneObjectALine() {
        configure(LogLevel.INFO, LogFormat.JSON);
        LoggerFactory.getLogger("ml.helix.wolf.Agent").info("connected to {}", "here");
        assertThat(lines()).startsWith("{").endsWith("}\n").contains("\"formattedMessage\":\"connected to here\"");
    }

    /** Each key begins after the value of the one before; values are without braces, brackets and commas here. */
    @Test
    void jsonHasTheDocumentedKeysInTheirOrder() throws Exception {
        configure(LogLevel.INFO, LogFormat.JSON);
        try (var _ = MDC.putCloseable("dial", "0af7")) {
            LoggerFactory.getLogger("ml.helix.wolf.Agent")
                    .atWarn()
                    .addKeyValue("id", "wolf-1")
                    .log("closed");
        }
        String document = Files.readString(Path.of("../docs/logs.md"));
        String table = document.substring(document.indexOf("| key |"), document.indexOf("| key in"));

        assertThat(keys("(?:\\{|,)\"(\\w+)\": ?(?=[\"\\[{\\dn])", lines().replaceAll("\\[.*?]", "[]")))
                .isEqualTo(keys("(?m)^\\| `(\\w+)` ", table));
        assertThat(lines()).contains("\"mdc\": {\"dial\":\"0af7\"}", "\"kvpList\": [{\"id\":\"wolf-1\"}]");
    }

    private static List<String> keys(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .filter(key -> !key.equals("dial"))
                .toList();
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

    @ParameterizedTest
    @EnumSource
    void whatComesFromOutsideCanNeitherForgeALineNorMoveTheCursorNorTurnTheText(LogFormat format) {
        configure(LogLevel.INFO, format);
        Thread thread = Thread.currentThread();
        String name = thread.getName();
        thread.setName("of\u202ewolf");
        try {
            LoggerFactory.getLogger("ml.helix.wolf.Agent")
                    .atWarn()
                    .addKeyValue("id\u200b", "x\u2028y")
                    .setCause(new IOException("broke\n2026-01-01 ERROR forged", new IOException("\u009b31m")))
                    .log("hello\u0085{}", "\u202e\r\n\u001b[2J");
        } finally {
            thread.setName(name);
        }
        assertThat(lines().codePoints().filter(c -> c != '\n' && c != '\t').allMatch(Printable::isPrintable))
                .as(lines())
                .isTrue();
        assertThat(lines().lines()).noneMatch(line -> line.startsWith("2026-01-01 ERROR forged"));
        assertThat(lines().lines().filter(line -> !line.startsWith("\tat "))).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void whoeverComesUnderEverNewIdsDoesNotFillTheDisk() {
        configure(LogLevel.INFO, LogFormat.TEXT);
        for (int id = 0; id < 10_000; id++) {
            LoggerFactory.getLogger("ml.helix.wolf.Agent").info("{} is connected", "wolf-" + id);
        }
        assertThat(lines().lines().count()).isLessThan(1000);
        assertThat(lines()).contains("the next ones are left out: {} is connected");
    }

    private void configure(LogLevel level, LogFormat format) {
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
        Logs.configure(new LogSettings(level, format));
    }

    private String lines() {
        return written.toString(StandardCharsets.UTF_8);
    }
}
