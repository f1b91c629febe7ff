package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/** The rest of a refused request's body. */
final class UnreadBody {
    private static final long MAX_BYTES = 64L * 1024 * 1024;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private UnreadBody() {}

    /**
     * Reads and drops it, after the answer was sent: a connection that is closed with unread bytes is reset, and the reset
     * destroys the answer. Stops after {@link #MAX_BYTES}, and starts no read after {@link #TIMEOUT}. A caller that
     * expects a 100 sends nothing.
     */
    static void discard(Request request) {
        if (request.getLength() == 0 || request.getHeaders().contains(HttpHeader.EXPECT)) {
            return;
        }
        InputStream in = Content.Source.asInputStream(request);
        byte[] dropped = new byte[16 * 1024];
        long start = System.nanoTime();
        try {
            int read = 0;
            for (long total = 0;
                    read >= 0 && total < MAX_BYTES && System.nanoTime() - start < TIMEOUT.toNanos();
                    total += read) {
                read = in.read(dropped);
            }
        } catch (IOException e) {
            // The caller is gone.
        }
    }
}
