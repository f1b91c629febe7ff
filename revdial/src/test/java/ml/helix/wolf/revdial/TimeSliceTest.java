package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimeSliceTest {
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger pauses = new AtomicInteger();
    private final TimeSlice slice = new TimeSlice(clock::get, pauses::incrementAndGet);

    @Test
    void othersHaveTheirTurnOnceInEachSlice() {
        long step = TimeSlice.LENGTH.toNanos() / 10;
        slice.next();
        for (int i = 0; i < 100; i++) {
            clock.addAndGet(step);
            slice.next();
        }
        assertThat(pauses).hasValue(10);
    }

    @Test
    void withinASliceNothingWaits() {
        slice.next();
        clock.addAndGet(TimeSlice.LENGTH.toNanos() - 1);
        slice.next();
        assertThat(pauses).hasValue(0);
    }

    @Test
    void whatAThreadHasWaitedBeforeItsFirstPieceOfWorkDoesNotCount() throws InterruptedException {
        clock.addAndGet(10 * TimeSlice.LENGTH.toNanos());
        slice.next();
        clock.addAndGet(10 * TimeSlice.LENGTH.toNanos());
        Thread.ofVirtual().start(slice::next).join();
        assertThat(pauses).hasValue(0);
        slice.next();
        clock.addAndGet(TimeSlice.LENGTH.toNanos());
        slice.next();
        assertThat(pauses).hasValue(1);
    }
}
