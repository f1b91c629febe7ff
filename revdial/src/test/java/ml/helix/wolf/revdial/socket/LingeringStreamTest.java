package ml.helix.wolf.revdial.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LingeringStreamTest {
    private static final Duration NEVER = Duration.ofDays(1);
    private static final int END = -1;
    private static final int BROKEN = -2;

    /** What happened to the socket, in order. */
    private final Deque<String> events = new ConcurrentLinkedDeque<>();

    /** What the peer sends: numbers of bytes, END or BROKEN. */
    private final BlockingQueue<Integer> input = new LinkedBlockingQueue<>();

    private final CountDownLatch inSend = new CountDownLatch(1);
    private final CountDownLatch sendMayEnd = new CountDownLatch(1);

    @Test
    void theOutputEndsBeforeTheInputIsDroppedAndThenTheSocketIsClosed() throws Exception {
        Fake stream = new Fake(NEVER, NEVER);
        input.addAll(List.of(10, 20, END));

        stream.close();
        stream.awaitClosed();

        assertThat(events).containsExactly("end output", "received 10", "received 20", "received -1", "cut");
    }

    @Test
    void aPeerThatHasEndedIsClosedAtOnce() throws Exception {
        Fake stream = new Fake(NEVER, NEVER);
        input.add(END);
        assertThat(stream.read(new byte[1], 0, 1)).isEqualTo(-1);

        stream.close();

        assertThat(events).containsExactly("received -1", "cut");
        stream.awaitClosed();
    }

    @Test
    void aBrokenSocketIsClosedAtOnce() {
        Fake stream = new Fake(NEVER, NEVER);
        input.add(BROKEN);
        assertThatThrownBy(() -> stream.read(new byte[1], 0, 1)).hasMessage("reset");

        stream.close();

        assertThat(events).containsExactly("received -2", "cut");
    }

    @Test
    void aSilentPeerIsLeft() throws Exception {
        Fake stream = new Fake(NEVER, Duration.ofMillis(10));

        stream.close();
        stream.awaitClosed();

        assertThat(events).startsWith("end output", "cut");
    }

    @Test
    void aPeerThatSendsWithoutEndIsLeft() throws Exception {
        Fake stream = new Fake(Duration.ofMillis(50), NEVER);
        Thread sender = Thread.ofVirtual().start(() -> {
            while (!events.contains("cut")) {
                input.add(1);
                Thread.yield();
            }
        });

        stream.close();
        stream.awaitClosed();

        sender.join();
        assertThat(events).contains("cut");
    }

    @Test
    void aBlockedReadGivesWhatComesToTheDropping() throws Exception {
        Fake stream = new Fake(NEVER, NEVER);
        CompletableFuture<Integer> read = CompletableFuture.supplyAsync(() -> {
            try {
                return stream.read(new byte[1], 0, 1);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        stream.awaitReceiving();

        stream.close();
        input.addAll(List.of(5, 6, END));
        stream.awaitClosed();

        assertThatThrownBy(read::join).hasRootCauseMessage("closed");
        assertThat(events).endsWith("received 6", "received -1", "cut");
    }

    @Test
    void aBlockedWriteIsCut() throws Exception {
        Fake stream = new Fake(NEVER, NEVER);
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                stream.write(new byte[1], 0, 1);
            } catch (IOException e) {
                events.add(String.valueOf(e.getMessage()));
            }
        });
        inSend.await();

        stream.close();
        stream.awaitClosed();

        assertThat(events).containsExactly("cut");
        sendMayEnd.countDown();
        writer.join();
    }

    @Test
    void nothingIsReadOrWrittenAfterwards() {
        Fake stream = new Fake(NEVER, NEVER);
        stream.close();

        assertThatThrownBy(() -> stream.read(new byte[1], 0, 1)).hasMessage("closed");
        assertThatThrownBy(() -> stream.write(new byte[1], 0, 1)).hasMessage("closed");
        input.add(END);
    }

    private final class Fake extends LingeringStream {
        private final CountDownLatch receiving = new CountDownLatch(1);

        Fake(Duration longest, Duration silence) {
            super(longest, silence);
        }

        void awaitReceiving() throws InterruptedException {
            assertThat(receiving.await(20, TimeUnit.SECONDS)).isTrue();
        }

        @Override
        protected int receive(byte[] buffer, int offset, int length) throws IOException {
            receiving.countDown();
            try {
                int count = input.take();
                events.add("received " + count);
                if (count == BROKEN) {
                    throw new IOException("reset");
                }
                return count;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        @Override
        protected void send(byte[] buffer, int offset, int length) throws IOException {
            inSend.countDown();
            try {
                sendMayEnd.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new IOException("cut");
        }

        @Override
        protected void endOutput() {
            events.add("end output");
        }

        @Override
        protected void cut() {
            events.add("cut");
            if (input.isEmpty()) {
                input.add(BROKEN);
            }
        }
    }
}
