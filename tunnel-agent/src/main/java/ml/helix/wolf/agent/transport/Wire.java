package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/**
 * A connected socket, plain or with TLS.
 *
 * <p>{@link #cut} may be called by any thread, any number of times, and ends a blocked read or write at once.
 */
public final class Wire {
    private final Socket raw;
    private final Socket top;

    /** @param top the socket that speaks TLS over {@code raw}, or {@code raw} itself */
    Wire(Socket raw, Socket top) {
        this.raw = raw;
        this.top = top;
    }

    public InputStream input() throws IOException {
        return top.getInputStream();
    }

    public OutputStream output() throws IOException {
        return top.getOutputStream();
    }

    /** Closes in order, with TLS' close_notify. May wait while the peer doesn't read: guard it. Never fails. */
    public void end() {
        if (top != raw) {
            try {
                top.shutdownOutput(); // close() would also wait for the peer's close_notify
            } catch (IOException e) {
                // the peer has closed
            }
        }
        cut();
    }

    /** Closes the TCP socket at once, even during a read or write. Never fails, never waits. */
    public void cut() {
        try {
            raw.close();
        } catch (IOException e) {
            // closed is closed
        }
    }

    /** The same TCP socket with (one more layer of) TLS. */
    Wire withTls(Socket tls) {
        return new Wire(raw, tls);
    }

    Socket top() {
        return top;
    }
}
