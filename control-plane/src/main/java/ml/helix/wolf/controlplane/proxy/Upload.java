package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import ml.helix.wolf.revdial.ByteStream;
import org.jspecify.annotations.Nullable;

/**
 * Copies a request's body to Wolf on a virtual thread, while the exchange waits for the response. When Wolf takes no more, the
 * rest is read and dropped: Wolf may have responded before the end of the body.
 */
final class Upload {
    private static final Duration REST_TIMEOUT = Duration.ofSeconds(10);

    private final InputStream body;
    private final CallerWatch watch;
    private @Nullable Thread thread;

    /** @param body read only by this upload's thread, from {@link #start} or {@link #finish} on */
    Upload(InputStream body, CallerWatch watch) {
        this.body = body;
        this.watch = watch;
    }

    /** @param content the body itself, or its buffered copy */
    void start(InputStream content, ByteStream wolf) {
        thread = Thread.ofVirtual().name("upload").start(() -> copy(content, wolf));
    }

    private void copy(InputStream content, ByteStream wolf) {
        byte[] buffer = new byte[16 * 1024];
        boolean taken = true;
        try {
            for (int read = 0; read >= 0; read = content.read(buffer)) {
                taken = taken && write(wolf, buffer, read);
            }
            watch.start();
        } catch (IOException e) {
            // Wolf has received a part of the body only, which is no valid request.
            watch.departed(e);
        }
    }

    private static boolean write(ByteStream wolf, byte[] buffer, int length) {
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

    /** Waits for the rest of the body and drops it; closes the caller's connection after {@link #REST_TIMEOUT}. */
    void finish(PeerEndPoint caller) {
        Thread last =
                thread != null ? thread : Thread.ofVirtual().name("upload").start(this::drop);
        try {
            if (!last.join(REST_TIMEOUT)) {
                caller.close();
                last.join();
            }
        } catch (InterruptedException e) {
            caller.close();
            Thread.currentThread().interrupt();
        }
    }
}
