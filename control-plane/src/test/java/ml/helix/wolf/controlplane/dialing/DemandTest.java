package ml.helix.wolf.controlplane.dialing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemandTest {
    private final Demand demand = new Demand(4);
    private long now = 17;

    @Test
    void aRunnerThatNobodyDialsOrDialsOnceWantsNone() {
        assertThat(demand.wanted(now)).isZero();
        demand.dialled(now);
        assertThat(demand.wanted(now)).isZero();
    }

    @Test
    void aSecondDialSoonAfterTheFirstMakesItBusy() {
        dial(2, Duration.ofMillis(1300));
        assertThat(demand.wanted(now)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"5000, 0", "3000, 0", "2000, 1", "1000, 2", "700, 2", "600, 3", "500, 4", "1, 4"})
    void aSteadyRateWantsAsManyAsFit(long everyMillis, int wanted) {
        dial(100, Duration.ofMillis(everyMillis));
        assertThat(demand.wanted(now)).isEqualTo(wanted);
    }

    @Test
    void aBurstIsFollowedByNoMoreThanTheLimitAndEndsWithinSeconds() {
        dial(10_000, Duration.ZERO);
        assertThat(demand.wanted(now)).isEqualTo(4);
        assertThat(demand.wanted(now + Duration.ofSeconds(1).toNanos())).isEqualTo(2);
        assertThat(demand.wanted(now + Duration.ofMillis(2500).toNanos())).isEqualTo(1);
        assertThat(demand.wanted(now + Duration.ofMillis(2700).toNanos())).isZero();
        assertThat(demand.isOver(now + Duration.ofSeconds(3).toNanos())).isFalse();
        assertThat(demand.isOver(now + Duration.ofSeconds(10).toNanos())).isTrue();
    }

    @Test
    void afterAResetItBeginsAnew() {
        dial(10, Duration.ZERO);
        demand.reset();
        assertThat(demand.wanted(now)).isZero();
        dial(2, Duration.ZERO);
        assertThat(demand.wanted(now)).isEqualTo(1);
    }

    /** The last dial is now. */
    private void dial(int times, Duration every) {
        for (int i = 0; i < times; i++) {
            now += i == 0 ? 0 : every.toNanos();
            demand.dialled(now);
        }
    }
}
