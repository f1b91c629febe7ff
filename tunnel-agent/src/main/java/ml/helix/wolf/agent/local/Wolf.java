package ml.helix.wolf.agent.local;

import ml.helix.wolf.revdial.ByteStream;

/** The local Wolf API. */
@FunctionalInterface
public interface Wolf {
    /**
     * Opens a new connection. Connections are never reused: Wolf answers one request on each.
     *
     * @throws WolfUnreachableException if that fails; the message says what to do
     */
    ByteStream dial() throws WolfUnreachableException;
}
