package ml.helix.wolf.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    private static final Metric DOWN = Metric.more("one stream down", "MiB/s");
    private static final Metric START = Metric.less("start", "ms");

    @Test
    void aColumnIsTheMedianOfItsFigures() {
        assertThat(Measurements.median(List.of(9.0, 1.0, 2.0))).isEqualTo(2);
        assertThat(Measurements.median(List.of(4.0, 1.0, 2.0, 9.0))).isEqualTo(3);
    }

    @Test
    void valuesAreBesideTheirShareOfRawLoopback() {
        assertThat(table(500, 2000, 300).markdown()).isEqualTo("""
                | | raw TCP | Go | ours |
                |---|---:|---:|---:|
                | one stream down (MiB/s) | 2,000 | 500 (0.25) | 1,000 (0.50) |
                | start (ms) |  |  | 300 |
                """);
    }

    @Test
    void theOthersAreRatiosToTheFirstPair() {
        assertThat(table(500, 2000, 300).markdown("Go")).isEqualTo("""
                | | raw TCP | Go | ours |
                |---|---:|---:|---:|
                | one stream down (MiB/s) | 4.00 | 1 (500) | 2.00 |
                | start (ms) |  |  | 300 |
                """);
    }

    @Test
    void aComparisonSaysWhatIsBetterAndWorse() {
        assertThat(table(500, 2000, 300).compare(table(510, 1000, 150))).isEqualTo("""
                | | program | before | after | after / before | |
                |---|---|---:|---:|---:|---|
                | one stream down (MiB/s) | Go | 500 | 510 | 1.02 |  |
                | one stream down (MiB/s) | ours | 1,000 | 1,020 | 1.02 |  |
                | one stream down (MiB/s) | raw TCP | 2,000 | 1,000 | 0.50 | worse |
                | start (ms) | ours | 300 | 150 | 0.50 | better |
                """);
    }

    private static Table table(double go, double raw, double start) {
        var measurements = new Measurements(List.of(Table.RAW, "Go", "ours"));
        measurements.add(Table.RAW, new Figure(DOWN, raw));
        measurements.add("Go", new Figure(DOWN, go));
        measurements.add("ours", new Figure(DOWN, 2 * go));
        measurements.add("ours", new Figure(START, start));
        return measurements.table("");
    }
}
