package ml.helix.wolf.agent.local;

import ml.helix.wolf.revdial.ByteStream;

/** The local Wolf API. */
@FunctionalInterface
public interface Wolf {
    /**
     * Connects anew; a connection is never shared or kept, Wolf answers one request on each.
     *
     * @throws WolfUnreachableException where that fails, with what to do about it
     */
    ByteStream dial() throws WolfUnreachableException;
}
