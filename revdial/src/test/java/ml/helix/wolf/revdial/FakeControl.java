package ml.helix.wolf.revdial;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import ml.helix.wolf.testkit.Waiting;

/** A sending half that keeps the lines and the reason of its end. */
final class FakeControl implements ControlSender {
    final BlockingQueue<String> sent = new LinkedBlockingQueue<>();
    final CompletableFuture<ControlEnd> end = new CompletableFuture<>();
    /** Completed: send returns at once. Else it blocks until it is completed, or fails with what it is failed with. */
    volatile CompletableFuture<Void> mayTake = CompletableFuture.completedFuture(null);

    @Override
    public void send(byte[] line) throws IOException {
        try {
            mayTake.get();
        } catch (Exception e) {
            throw new IOException("no longer connected", e);
        }
        if (end.isDone()) {
            throw new IOException("closed");
        }
        sent.add(new String(line, StandardCharsets.UTF_8));
    }

    @Override
    public void close(ControlEnd why) {
        end.complete(why);
    }

    boolean isOpen() {
        return !end.isDone();
    }

    ControlEnd.Cause cause() throws Exception {
        return Waiting.result(end).cause();
    }

    /** The next line, as the peer reads it. */
    ControlMessage next() throws InterruptedException, ProtocolException {
        String line = Waiting.next(sent);
        return new ControlLines.Decoder(ControlLines.PEER_LIMIT).next(bytes(line));
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
