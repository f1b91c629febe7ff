package ml.helix.wolf.agent.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CancellableInputTest {
    private final Arriving arriving = new Arriving();
    private final CancellableInput input = new CancellableInput(arriving);

    @Test
    void bytesAreReadInOrderWhetherAReadWaitsOrNot() throws Exception {
        CompletableFuture<String> read = async(this::read);
        arriving.asked.await();
        arriving.pieces.add("one ");
        assertThat(read.get(20, TimeUnit.SECONDS)).isEqualTo("one ");
        arriving.pieces.add("two");
        assertThat(read()).isEqualTo("two");
    }

    @Test
    void cancelEndsABlockedReadAndLosesNoByte() throws Exception {
        CompletableFuture<String> read = async(this::read);
        arriving.asked.await();
        input.cancel();
        assertThatThrownBy(() -> read.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(SocketException.class);
        assertThatThrownBy(this::read).isInstanceOf(SocketException.class);

        arriving.pieces.add("came late");
        input.resume();
        assertThat(read()).isEqualTo("came late");
    }

    @Test
    void theEndAndAFailureAreRepeatedAndOnlyOneThreadBlocks() throws Exception {
        CompletableFuture<String> read = async(this::read);
        arriving.asked.await();
        input.cancel();
        input.resume();
        arriving.pieces.add("");
        assertThat(input.read(new byte[10], 0, 10)).isEqualTo(-1);
        assertThat(input.read(new byte[10], 0, 10)).isEqualTo(-1);
        assertThat(arriving.most).as("reads of the socket at once").isEqualTo(1);
        read.exceptionally(e -> "").get(20, TimeUnit.SECONDS);

        arriving.pieces.add("broken");
        var other = new CancellableInput(arriving);
        assertThatThrownBy(() -> other.read(new byte[10], 0, 10)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> other.read(new byte[10], 0, 10)).isInstanceOf(IOException.class);
    }

    @Test
    void anInterruptEndsABlockedRead() throws Exception {
        Thread.currentThread().interrupt();
        assertThatThrownBy(this::read).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private String read() throws IOException {
        byte[] buffer = new byte[100];
        int count = input.read(buffer, 0, 100);
        return new String(buffer, 0, Math.max(count, 0), US_ASCII);
    }

    /** A socket's input, filled by the test: pieces, "" for the end, "broken" for a failure. */
    private static final class Arriving extends InputStream {
        private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
        private final CountDownLatch asked = new CountDownLatch(1);
        private int now;
        private int most;

        @Override
        public int read() {
            throw new AssertionError("byte by byte");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            synchronized (this) {
                most = Math.max(most, ++now);
            }
            asked.countDown();
            try {
                String piece = pieces.take();
                if (piece.equals("broken")) {
                    throw new IOException(piece);
                }
                byte[] bytes = piece.getBytes(US_ASCII);
                System.arraycopy(bytes, 0, target, offset, bytes.length);
                return piece.isEmpty() ? -1 : bytes.length;
            } catch (InterruptedException e) {
                throw new IOException(e);
            } finally {
                synchronized (this) {
                    now--;
                }
            }
        }
    }
}
