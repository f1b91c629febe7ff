package ml.helix.wolf.revdial;

import java.io.IOException;

/**
 * The sending half of one control connection, which a transport gives to a {@link Listener} or {@link LocalDialer}. What the
 * transport receives it passes to {@link Listener#receive} or {@link LocalDialer#receive}.
 *
 * <p>Thread-safe.
 */
public interface ControlSender {

    /**
     * Sends one line, its {@code \n} included, in one binary message. Lines of several threads never mix. May wait for the
     * transport.
     *
     * @throws IOException if the connection is broken or closed
     */
    void send(byte[] line) throws IOException;

    /**
     * Closes the connection for this reason. Idempotent: the first reason counts. Does not wait for the peer and never
     * fails.
     */
    void close(ControlEnd end);
}
