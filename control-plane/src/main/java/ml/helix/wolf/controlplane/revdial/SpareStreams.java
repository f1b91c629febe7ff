package ml.helix.wolf.controlplane.revdial;

import ml.helix.wolf.revdial.ByteStream;

/** Gets the streams of data connections that are free for another stream. Thread safe. */
@FunctionalInterface
public interface SpareStreams {
    /**
     * @param runnerId whose agent is at its other end
     * @param dialId of the stream
     * @param stream closed by the receiver if it has no use for it; must not block
     */
    void offer(String runnerId, String dialId, ByteStream stream);
}
