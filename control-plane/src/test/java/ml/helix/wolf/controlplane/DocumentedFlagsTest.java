package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DocumentedFlagsTest {
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    @Test
    void documentHasEachFlagInTheOrderOfTheHelpWithItsVariableAndDefault() throws IOException {
        assertThat(documented())
                .isEqualTo(ControlPlaneSettings.PROGRAM.flags().stream()
                        .map(flag -> List.of("-" + flag.name(), flag.environment(), flag.fallback()))
                        .toList());
    }

    /** A row may tell of several flags: their variables and defaults stand in the same order. */
    private static List<List<String>> documented() throws IOException {
        String text = Files.readString(Path.of("../docs/control-plane.md"));
        return text.substring(text.indexOf("## Flags"), text.indexOf("## TLS"))
                .lines()
                .filter(line -> line.startsWith("| `-"))
                .map(line -> line.split("\\|", -1))
                .flatMap(cells -> IntStream.range(0, code(cells[1]).size())
                        .mapToObj(i -> List.of(
                                code(cells[1]).get(i),
                                code(cells[2]).get(i),
                                cells[3].startsWith(" `") ? code(cells[3]).get(i) : "")))
                .toList();
    }

    private static List<String> code(String cell) {
        return CODE.matcher(cell).results().map(match -> match.group(1)).toList();
    }
}
