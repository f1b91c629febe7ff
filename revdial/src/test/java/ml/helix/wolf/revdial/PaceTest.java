package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PaceTest {
    private final Pace pace = new Pace();
    private long now = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(1); // System.nanoTime() may overflow

    @Test
    void manyReadsWithinASecondAreBusy() {
        reads(Pace.BUSY_READS - 1, 10);
        assertThat(pace.isBusy()).isFalse();
        reads(1, 10);
        assertThat(pace.isBusy()).isTrue();
    }

    @Test
    void asManyOverALongTimeAreNot() {
        reads(10 * Pace.BUSY_READS, 100);
        assertThat(pace.isBusy()).isFalse();
    }

    @Test
    void afterABusyAnswerTheNextNeedsAsManyReadsAgain() {
        reads(Pace.BUSY_READS, 1);
        assertThat(pace.isBusy()).isTrue();
        assertThat(pace.isBusy()).isFalse();
        reads(Pace.BUSY_READS, 1);
        assertThat(pace.isBusy()).isTrue();
    }

    @Test
    void aReadAfterASecondIsQuietUntilTheNextOne() {
        reads(2, 1);
        assertThat(pace.isQuiet()).isFalse();
        reads(1, 1000);
        assertThat(pace.isQuiet()).isTrue();
        reads(1, 1);
        assertThat(pace.isQuiet()).isFalse();
    }

    private void reads(int count, long millisBefore) {
        for (int i = 0; i < count; i++) {
            now += TimeUnit.MILLISECONDS.toNanos(millisBefore);
            pace.read(now);
        }
    }
}
