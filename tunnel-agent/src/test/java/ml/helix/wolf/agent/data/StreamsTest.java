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
    void idleAtOnceWhereNothingRuns() throws InterruptedException {
        assertThat(streams.awaitIdle(Duration.ofDays(1))).isZero();
    }

    @Test
    void idleOnceTheLastHasEnded() throws InterruptedException {
        Runnable one = cut::incrementAndGet;
        streams.add(one);
        Thread.ofVirtual().start(() -> {
            streams.remove(one);
            streams.remove(one);
        });

        assertThat(streams.awaitIdle(Duration.ofSeconds(20))).isZero();
        assertThat(cut).hasValue(0);
    }

    @Test
    void saysHowManyAreLeft() throws InterruptedException {
        streams.add(cut::incrementAndGet);
        streams.add(cut::incrementAndGet);

        assertThat(streams.awaitIdle(Duration.ZERO)).isEqualTo(2);
    }

    @Test
    void aHeapOf128MiBTakes614Streams() {
        assertThat(Streams.most(128L << 20, 1_000_000)).isEqualTo(614);
    }

    @Test
    void aThousandDescriptorsTakeFewer() {
        assertThat(Streams.most(128L << 20, 1024)).isEqualTo(464);
    }

    @Test
    void someAreAlwaysTaken() {
        assertThat(Streams.most(1 << 20, 10)).isEqualTo(8);
    }

    @Test
    void whatIsTooManyIsRefusedUntilOneHasLeft() throws Exception {
        var two = new Streams(2);
        two.enter();
        two.enter();
        assertThatThrownBy(two::enter)
                .isInstanceOf(PickupException.class)
                .hasMessageStartingWith("too many streams")
                .hasMessageEndingWith("for 2");

        two.leave();
        two.enter();
    }

    @Test
    void cutsWhatRunsAndWhatComesLater() {
        streams.add(cut::incrementAndGet);

        streams.cut();
        streams.add(cut::incrementAndGet);

        assertThat(cut).hasValue(2);
    }
}
