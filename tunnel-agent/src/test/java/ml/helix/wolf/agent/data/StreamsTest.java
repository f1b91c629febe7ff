package ml.helix.wolf.agent.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.revdial.PickupException;
import org.junit.jupiter.api.Test;

class StreamsTest {
    private final Streams streams = new Streams();
    private final AtomicInteger cut = new AtomicInteger();

    @Test
    void isIdleAtOnceIfNothingRuns() throws InterruptedException {
        assertThat(streams.awaitIdle(Duration.ofDays(1))).isZero();
    }

    @Test
    void isIdleWhenTheLastHasEnded() throws InterruptedException {
        Runnable one = cut::incrementAndGet;
        streams.register(one);
        Thread.ofVirtual().start(() -> {
            streams.unregister(one);
            streams.unregister(one);
        });

        assertThat(streams.awaitIdle(Duration.ofSeconds(20))).isZero();
        assertThat(cut).hasValue(0);
    }

    @Test
    void awaitIdleReturnsHowManyStillRun() throws InterruptedException {
        streams.register(cut::incrementAndGet);
        streams.register(cut::incrementAndGet);

        assertThat(streams.awaitIdle(Duration.ZERO)).isEqualTo(2);
    }

    @Test
    void aHeapOf48MiBAllows160Streams() {
        assertThat(Streams.capacity(48L << 20, 1_000_000)).isEqualTo(160);
    }

    @Test
    void aThousandDescriptorsAllowFewer() {
        assertThat(Streams.capacity(1L << 30, 1024)).isEqualTo(464);
    }

    @Test
    void theCapacityIsNeverBelow8() {
        assertThat(Streams.capacity(1 << 20, 10)).isEqualTo(8);
    }

    @Test
    void haveFallenOnceWhen16FewerRunThanAtTheMost() throws Exception {
        for (int i = 0; i < 20; i++) {
            streams.reserve();
        }
        for (int i = 0; i < 15; i++) {
            streams.release();
        }
        assertThat(streams.haveFallen()).isFalse();

        streams.release();
        assertThat(streams.haveFallen()).isTrue();
        assertThat(streams.haveFallen()).isFalse();
    }

    @Test
    void reserveFailsAtTheCapacityUntilARelease() throws Exception {
        var two = new Streams(2);
        two.reserve();
        two.reserve();
        assertThatThrownBy(two::reserve)
                .isInstanceOf(PickupException.class)
                .hasMessageStartingWith("too many streams")
                .hasMessageEndingWith("for 2");

        two.release();
        two.reserve();
    }

    @Test
    void cutEndsWhatRunsAndWhatIsRegisteredLater() {
        streams.register(cut::incrementAndGet);

        streams.cut();
        streams.register(cut::incrementAndGet);

        assertThat(cut).hasValue(2);
    }
}
