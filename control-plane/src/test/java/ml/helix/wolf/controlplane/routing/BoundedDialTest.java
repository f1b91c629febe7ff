package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

class BoundedDialTest {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final ManualScheduler timers = new ManualScheduler();
    private final Waits inner = new Waits();
    private final BoundedDial dial = new BoundedDial("wolf-1", inner, LIMIT, timers);

    @Test
    void aDialThatTakesTooLongIsWithdrawnAndSaysSo() throws Exception {
        CompletableFuture<ByteStream> stream = Waiting.async(dial::await);
        timers.advance(LIMIT);
        assertThat(Waiting.failure(stream)).isInstanceOfSatisfying(DialException.class, e -> assertThat(e.failure())
                .isEqualTo(new DialTimeout(LIMIT)));
    }

    @Test
    void aDialThatSettlesKeepsItsStreamAndLeavesNoTimer() throws Exception {
        var stream = new Closes();
        inner.outcome.complete(stream);
        assertThat(dial.await()).isSameAs(stream);
        assertThat(timers.waitingTasks()).isZero();
        timers.advance(LIMIT);
        assertThat(stream.closed).isFalse();
    }

    @Test
    void aStreamThatComesTooLateIsClosed() throws Exception {
        var stream = new Closes();
        inner.outcome.complete(stream);
        timers.advance(LIMIT);
        assertThat(Waiting.failure(Waiting.async(dial::await))).isInstanceOf(DialException.class);
        assertThat(stream.closed).isTrue();
    }

    private static final class Waits implements Dial {
        private final CompletableFuture<ByteStream> outcome = new CompletableFuture<>();

        @Override
        public ByteStream await() throws DialException, InterruptedException {
            try {
                return outcome.get();
            } catch (ExecutionException e) {
                throw new DialException("wolf-1", new Withdrawn());
            }
        }

        @Override
        public boolean isSettled() {
            return outcome.isDone();
        }

        @Override
        public void withdraw() {
            outcome.completeExceptionally(new IOException("withdrawn"));
        }
    }

    private static final class Closes implements ByteStream {
        private volatile boolean closed;

        @Override
        public int read(byte[] buffer, int offset, int length) {
            return -1;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {}

        @Override
        public void close() {
            closed = true;
        }
    }
}
