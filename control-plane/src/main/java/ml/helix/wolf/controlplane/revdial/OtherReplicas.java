package ml.helix.wolf.controlplane.revdial;

import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.revdial.ByteStream;

/** Takes pickups to the replicas whose dials they are for. Thread-safe. */
@FunctionalInterface
public interface OtherReplicas {
    /** There is only this one. */
    OtherReplicas NONE = (dialerId, requestId) -> {
        throw new ApiException(ApiError.notFound("revdial.dialer: unknown"));
    };

    /**
     * Asks the replica that a dialer id names. Blocks for some seconds at most.
     *
     * @throws ApiException 404 or 410 if there is no such dialer, 503 if the replica doesn't answer
     */
    Join join(String dialerId, String requestId) throws ApiException;

    /** A pickup that a replica waits for. Ends by one of its two methods. */
    interface Join {
        /** The runner whose pickup it is. */
        String runnerId();

        /** Joins a data connection through to that replica. Returns at once; must not block. */
        void accept(ByteStream data);

        /** There will be no data connection. */
        void giveUp();
    }
}
