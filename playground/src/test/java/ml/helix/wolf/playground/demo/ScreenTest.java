package ml.helix.wolf.playground.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScreenTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Screen screen = new Screen(new PrintStream(bytes, true, StandardCharsets.UTF_8));

    @Test
    void linesAreCutAtHundredColumnsExceptCommands() {
        screen.line("x".repeat(200));
        screen.output("x".repeat(200));
        screen.checked("x".repeat(200));
        screen.row("name", "address", "x".repeat(200));
        assertThat(printed().lines()).hasSize(4).allMatch(line -> line.length() == 100 && line.endsWith("..."));

        bytes.reset();
        screen.command("x".repeat(200));
        assertThat(printed().strip()).isEqualTo("$ " + "x".repeat(200));
    }

    @Test
    void aCheckShowsItsTimeAtTheRightEdge() {
        screen.checked("it works");

        assertThat(printed()).matches("  ok  it works {2,}\\d+\\.\\d s\\R");
        assertThat(printed().stripTrailing()).hasSize(100);
    }

    @Test
    void aTailPrintsTheEndOfALog(@TempDir Path folder) throws IOException {
        Path log = Files.write(
                folder.resolve("a.log"),
                IntStream.range(0, 100).mapToObj(i -> "line " + i).toList());

        screen.tail(log);
        screen.tail(folder.resolve("absent.log"));

        assertThat(printed())
                .contains("line 99", "line 90", "absent.log can't be read")
                .doesNotContain("line 50");
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
