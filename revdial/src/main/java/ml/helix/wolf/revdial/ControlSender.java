package ml.helix.wolf.revdial;

import java.io.IOException;

/**
 * What a transport gives to a {@link Listener} or {@link Dialer}: the sending half of one control connection.
 *
 * <p>Thread safe. The receiving half is pushed by the transport, into {@link Listener#receive} or
 * {@link Dialer#receive}.
 */
public interface ControlSender {

    /**
     * Sends one line, its {@code \n} included, in one binary message. Lines of different threads never mix. May wait
     * for the transport.
     *
     * @throws IOException where the connection is broken or closed
     */
    void send(byte[] line) throws IOException;

    /**
     * Ends the connection and says why. Idempotent: the first reason counts. Does not wait for the peer, and never
     * fails.
     */
    void close(ControlEnd end);
}
