package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import ml.helix.wolf.revdial.ByteStream;
import org.jspecify.annotations.Nullable;

/**
 * Copies a request's body to Wolf while the response is awaited, on a virtual thread of its own. What Wolf doesn't take
 * any more is read and dropped: a response that comes early is still a response.
 */
final class Upload {
    private static final Duration LAST_BYTES = Duration.ofSeconds(10);

    private final InputStream body;
    private final CallerWatch watch;
    private @Nullable Thread thread;

    /** @param body read by this upload's thread only, from {@link #start} or {@link #finish} on */
    Upload(InputStream body, CallerWatch watch) {
        this.body = body;
        this.watch = watch;
    }

    /** @param content the body itself, or what was collected of it */
    void start(InputStream content, ByteStream wolf) {
        thread = Thread.ofVirtual().name("upload").start(() -> copy(content, wolf));
    }

    private void copy(InputStream content, ByteStream wolf) {
        byte[] buffer = new byte[16 * 1024];
        boolean taken = true;
        try {
            for (int read = 0; read >= 0; read = content.read(buffer)) {
                taken = taken && passOn(wolf, buffer, read);
            }
            watch.start();
        } catch (IOException e) {
            // What Wolf has got of the body is not a request.
            watch.departed(e);
        }
    }

    private static boolean passOn(ByteStream wolf, byte[] buffer, int length) {
        try {
            wolf.write(buffer, 0, length);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void drop() {
        try {
            body.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            watch.departed(e);
        }
    }

    /** Waits for the caller to send the rest of its body, and drops it; one that takes too long over it is cut. */
    void finish(PeerEndPoint caller) {
        Thread last =
                thread != null ? thread : Thread.ofVirtual().name("upload").start(this::drop);
        try {
            if (!last.join(LAST_BYTES)) {
                caller.close();
                last.join();
            }
        } catch (InterruptedException e) {
            caller.close();
            Thread.currentThread().interrupt();
        }
    }
}
