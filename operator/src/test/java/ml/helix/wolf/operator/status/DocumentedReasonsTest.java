package ml.helix.wolf.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DocumentedReasonsTest {
    private static final Path DOCUMENT = Path.of("../docs/status.md");

    @Test
    void documentHasEachReasonOnceWithWhoActsAndNoOther() throws IOException {
        var documented = rows().collect(Collectors.toMap(row -> row[1].replace("`", ""), row -> row[3]));
        Map<String, String> meant = Stream.of(Reason.values())
                .collect(Collectors.toMap(Reason::name, reason -> switch (reason.kind()) {
                    case ACTION -> "you";
                    case RETRYING -> "nobody";
                    case PROGRESS -> "wait";
                    case FINE -> "";
                }));
        assertThat(documented).isEqualTo(meant);
    }

    @Test
    void documentSaysWhatToDoForEachReasonThatIsNotFine() throws IOException {
        assertThat(rows().filter(row -> !row[3].isEmpty())).allSatisfy(row -> {
            assertThat(row[4]).as(row[1]).isNotBlank();
            assertThat(row[5]).as(row[1]).isNotBlank();
        });
    }

    private static Stream<String[]> rows() throws IOException {
        var text = Files.readString(DOCUMENT);
        var section = text.substring(text.indexOf("## Reasons"), text.indexOf("## Tunnels"));
        return section.lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> Stream.of(line.split("\\|", -1)).map(String::strip).toArray(String[]::new));
    }
}
