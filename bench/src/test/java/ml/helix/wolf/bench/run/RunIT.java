package ml.helix.wolf.bench.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import ml.helix.wolf.bench.figures.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each row with one caller once, for an instant: that it works, not how fast it is. */
class RunIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    Path folder;

    @Test
    void everyRowHasAFigureOfAgentAndControlPlane() throws Exception {
        String rows = Scenario.all(Optional.empty()).keySet().stream()
                .filter(row -> !row.matches(".*\\d"))
                .collect(Collectors.joining(","));
        var flags = Flags.parse(ROOT, List.of("-only", rows, "-seconds", "0.01", "-rounds", "1", "ours", "ours"));

        Table table = new Run(ROOT, flags).measure();

        assertThat(table.columns()).containsExactly(Table.RAW, "ours");
        assertThat(table.rows()).hasSizeGreaterThan(15).allSatisfy(row -> assertThat(row.values())
                .extractingByKey("ours")
                .satisfies(value -> assertThat(value).isNotNegative()));
        Path json = folder.resolve("run.json");
        Tables.write(table, json);
        assertThat(Tables.read(json)).isEqualTo(table);
    }
}
