package ml.helix.wolf.controlplane.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PayloadHandoverTest {
    private static final int SMALL = PayloadHandover.COPIED;

    private final PayloadHandover handover = new PayloadHandover();

    @Test
    void aSmallPayloadIsCopiedAndComesBeforeTheEnd() throws Exception {
        byte[] sent = filled(SMALL, 1);
        ByteBuffer frame = ByteBuffer.wrap(sent);
        handover.handOver(frame);
        assertThat(frame.hasRemaining()).isFalse();
        handover.end(null);
        sent[0] = 9; // the frame's buffer is used for other frames
        assertThat(read(SMALL)).isEqualTo(filled(SMALL, 1));
        assertThat(handover.read(new byte[1], 0, 1)).isEqualTo(-1);
    }

    @Test
    void theNextPayloadWaitsUntilTheOneBeforeIsReadToItsEnd() throws Exception {
        handover.handOver(ByteBuffer.wrap(filled(2, 1)));
        CompletableFuture<Void> next = handOverOnAnotherThread(filled(2, 2));
        assertThat(read(1)).isEqualTo(filled(1, 1));
        assertThat(next).isNotDone();
        assertThat(read(1)).isEqualTo(filled(1, 1));
        next.join();
        assertThat(read(2)).isEqualTo(filled(2, 2));
    }

    @Test
    void aLargePayloadIsNotCopied() throws Exception {
        CompletableFuture<Void> large = handOverOnAnotherThread(filled(SMALL + 1, 1));
        assertThat(read(SMALL)).isEqualTo(filled(SMALL, 1));
        assertThat(large).isNotDone();
        assertThat(read(1)).isEqualTo(filled(1, 1));
        large.join();
    }

    @Test
    void closeDropsWhatIsHeldAndWhatWaits() throws Exception {
        handover.handOver(ByteBuffer.wrap(filled(2, 1)));
        CompletableFuture<Void> next = handOverOnAnotherThread(filled(2, 2));
        handover.close();
        next.join();
        assertThatThrownBy(() -> handover.read(new byte[1], 0, 1)).isInstanceOf(IOException.class);
    }

    private CompletableFuture<Void> handOverOnAnotherThread(byte[] payload) throws InterruptedException {
        var done = new CompletableFuture<Void>();
        var started = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            started.countDown();
            handover.handOver(ByteBuffer.wrap(payload));
            done.complete(null);
        });
        started.await();
        return done;
    }

    private byte[] read(int count) throws IOException {
        byte[] buffer = new byte[count];
        assertThat(handover.read(buffer, 0, count)).isEqualTo(count);
        return buffer;
    }

    private static byte[] filled(int count, int value) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
