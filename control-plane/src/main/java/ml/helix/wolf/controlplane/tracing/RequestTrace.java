package ml.helix.wolf.controlplane.tracing;

import java.util.Map;
import ml.helix.wolf.controlplane.dialing.Dial;

/** What happens to one request, in its order. This one keeps nothing. For one thread. */
public interface RequestTrace {
    RequestTrace OFF = new RequestTrace() {};

    /** A dial was started; call {@link #dialled} or {@link #dialFailed} before the next. */
    default void dials(String runnerId) {}

    /** It has led to a stream. */
    default void dialled(Dial dial) {}

    /** @param code as callers see it */
    default void dialFailed(Dial dial, String code) {}

    /**
     * Wolf gets the request now.
     *
     * @return the fields that tell Wolf of the trace, in place of the caller's own; empty if it gets the caller's
     */
    default Map<String, String> asks() {
        return Map.of();
    }

    /** The head of Wolf's response has come. */
    default void answered(int status) {}

    /** Wolf gave no response. */
    default void failed(String code) {}

    /**
     * The response is complete or broke off, or left HTTP by an upgrade.
     *
     * @param error its code; empty if it is Wolf's own response
     */
    default void ends(int status, String error) {}
}
