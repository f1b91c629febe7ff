package ml.helix.wolf.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlotTest {

    @Test
    void theAxisEndsAtARoundNumber() {
        assertThat(Plot.roundUp(0)).isEqualTo(1);
        assertThat(Plot.roundUp(100)).isEqualTo(100);
        assertThat(Plot.roundUp(101)).isEqualTo(200);
        assertThat(Plot.roundUp(587)).isEqualTo(600);
        assertThat(Plot.roundUp(0.9)).isEqualTo(1);
    }

    @Test
    void aSeriesIsALineFromTheFirstStepToTheLast() {
        String svg = Plot.svg(
                List.of(new Plot("threads", List.of("1", "10", "100"), Map.of("agent", List.of(0.0, 50.0, 100.0)))));

        assertThat(svg)
                .startsWith("<svg ")
                .contains("points=\"60.0,190.0 190.0,115.0 320.0,40.0\"")
                .contains(">agent</text>")
                .contains(">100</text>")
                .endsWith("</svg>\n");
    }
}
