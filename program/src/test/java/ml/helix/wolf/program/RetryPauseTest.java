package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RetryPauseTest {
    private final AtomicLong clock = new AtomicLong();
    private final RetryPause retry = new RetryPause(clock::get);

    @Test
    void theWaitsGrowToASecond() {
        assertThat(Stream.generate(retry::next).limit(9).map(Duration::toMillis))
                .containsExactly(10L, 20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L);
    }

    @Test
    void aSuccessMakesTheNextWaitShortAgain() {
        retry.next();
        retry.next();

        retry.succeeded();

        assertThat(retry.next()).isEqualTo(Duration.ofMillis(10));
    }

    @Test
    void aThousandFailuresAreOneLine() {
        assertThat(IntStream.range(0, 1000)
                        .filter(i -> retry.failed("Too many open files"))
                        .count())
                .isEqualTo(1);
    }

    @Test
    void anotherReasonIsNews() {
        retry.failed("Too many open files");

        assertThat(retry.failed("Out of memory")).isTrue();
    }

    @Test
    void failuresThatAlternateWithSuccessesAreOneLine() {
        assertThat(retry.failed("Too many open files")).isTrue();
        for (int i = 0; i < 100; i++) {
            assertThat(retry.succeeded()).isFalse();
            assertThat(retry.failed("Too many open files")).isFalse();
        }
    }

    @Test
    void recoveryIsNewsOnceItHasLasted() {
        assertThat(retry.succeeded()).isFalse();
        retry.failed("Too many open files");

        clock.addAndGet(Duration.ofSeconds(29).toNanos());
        assertThat(retry.succeeded()).isFalse();
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(retry.succeeded()).isTrue();

        assertThat(retry.succeeded()).isFalse();
        assertThat(retry.failed("Too many open files")).isTrue();
    }
}
