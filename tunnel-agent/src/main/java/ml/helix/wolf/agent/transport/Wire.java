package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/**
 * A connected socket, perhaps with TLS over it.
 *
 * <p>{@link #cut} may come from any thread, any number of times; it ends a blocked read or write at once.
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

    /** Closes in order, with TLS' own farewell. May wait while the peer doesn't read: guard it. Never fails. */
    public void end() {
        if (top != raw) {
            try {
                top.shutdownOutput(); // close() would wait for the peer's farewell too
            } catch (IOException e) {
                // the peer is gone
            }
        }
        cut();
    }

    /** Closes the TCP socket, whatever is under way on it. Never fails, never waits. */
    public void cut() {
        try {
            raw.close();
        } catch (IOException e) {
            // closed is closed
        }
    }

    /** What lies under another layer of TLS. */
    Wire under(Socket tls) {
        return new Wire(raw, tls);
    }

    Socket top() {
        return top;
    }
}
