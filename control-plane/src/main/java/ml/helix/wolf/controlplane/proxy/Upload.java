package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.time.Duration;
import ml.helix.wolf.revdial.ByteStream;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Copies a request's body to Wolf while the response is awaited, on a virtual thread of its own. What Wolf doesn't take
 * any more is read and dropped: a response that comes early is still a response.
 */
final class Upload {
    private static final Duration LAST_BYTES = Duration.ofSeconds(10);

    private final RequestBody body;
    private final ByteStream wolf;
    private final CallerWatch watch;
    private final EndPoint caller;
    private final @Nullable Thread thread;

    private Upload(Request request, RequestBody body, ByteStream wolf, CallerWatch watch) {
        this.body = body;
        this.wolf = wolf;
        this.watch = watch;
        this.caller = request.getConnectionMetaData().getConnection().getEndPoint();
        this.thread = body.isEmpty() ? null : Thread.ofVirtual().name("upload").unstarted(this::copy);
    }

    /** @param watch started when the body is over */
    static Upload start(Request request, RequestBody body, ByteStream wolf, CallerWatch watch) {
        var upload = new Upload(request, body, wolf, watch);
        if (upload.thread == null) {
            watch.start();
        } else {
            upload.thread.start();
        }
        return upload;
    }

    private void copy() {
        byte[] buffer = new byte[16 * 1024];
        boolean taken = true;
        try {
            for (int read = 0; read >= 0; read = body.content().read(buffer)) {
                taken = taken && passOn(buffer, read);
            }
            watch.start();
        } catch (IOException e) {
            // The caller went away, or sent no proper body: what Wolf has got of it is not a request.
            wolf.close();
        }
    }

    private boolean passOn(byte[] buffer, int length) {
        try {
            wolf.write(buffer, 0, length);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Waits for the caller to send the rest of its body; one that takes too long over it is cut. */
    void finish() {
        try {
            if (thread != null && !thread.join(LAST_BYTES)) {
                caller.close();
                thread.join();
            }
        } catch (InterruptedException e) {
            caller.close();
            Thread.currentThread().interrupt();
        }
    }
}
