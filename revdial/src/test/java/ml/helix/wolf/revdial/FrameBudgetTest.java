package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FrameBudgetTest {
    private static final long SECOND = 1_000_000_000;

    private final AtomicLong clock = new AtomicLong();
    private final FrameBudget budget = new FrameBudget(clock::get);

    @Test
    void aBurstIsThereAtOnceAndNoMore() {
        assertThat(frames(2 * FrameBudget.BURST)).isEqualTo(FrameBudget.BURST);
    }

    @Test
    void itGainsSoManyASecondAndNeverMoreThanTheBurst() {
        frames(FrameBudget.BURST);
        clock.addAndGet(SECOND / 10);
        assertThat(frames(FrameBudget.BURST)).isEqualTo(FrameBudget.PER_SECOND / 10);
        clock.addAndGet(365 * 24 * 3600 * SECOND);
        assertThat(frames(2 * FrameBudget.BURST)).isEqualTo(FrameBudget.BURST);
    }

    @Test
    void whatComesEvenlyAtTheRateIsNeverRefused() {
        frames(FrameBudget.BURST);
        for (int i = 0; i < 10 * FrameBudget.PER_SECOND; i++) {
            clock.addAndGet(SECOND / FrameBudget.PER_SECOND);
            assertThat(budget.takeFrame()).isTrue();
        }
    }

    @Test
    void onAControlConnectionLinesAndKibCountToo() {
        assertThat(budget.takeControlFrame(1023)).isTrue();
        assertThat(budget.takeControlFrame(3 * 1024)).isTrue();
        assertThat(budget.takeLines(95)).isTrue();
        assertThat(frames(FrameBudget.BURST)).isEqualTo(FrameBudget.BURST - 100);
    }

    private int frames(int count) {
        int taken = 0;
        for (int i = 0; i < count; i++) {
            taken += budget.takeFrame() ? 1 : 0;
        }
        return taken;
    }
}
