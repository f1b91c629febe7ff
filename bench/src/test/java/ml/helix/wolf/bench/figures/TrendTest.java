package ml.helix.wolf.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TrendTest {
    private final Trend trend = new Trend();

    @Test
    void aLeakIsASlope() {
        for (int minute = 0; minute <= 10; minute++) {
            trend.add(minute, 100 + 3 * minute);
        }

        assertThat(trend.slope()).isCloseTo(3, within(1e-9));
        assertThat(trend.rise()).isCloseTo(30, within(1e-9));
        assertThat(trend.mean()).isEqualTo(115);
    }

    @Test
    void whatGoesUpAndDownIsFlat() {
        for (int minute = 0; minute <= 10; minute++) {
            trend.add(minute, minute % 2);
        }

        assertThat(trend.slope()).isCloseTo(0, within(1e-9));
    }

    @Test
    void withoutSamplesThereIsNoSlope() {
        assertThat(trend.slope()).isZero();
        assertThat(trend.rise()).isZero();
    }
}
