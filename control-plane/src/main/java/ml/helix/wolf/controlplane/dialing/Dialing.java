package ml.helix.wolf.controlplane.dialing;

/**
 * Opens streams to runners. Hides who holds a runner's control connection from those who want a stream. Implementations
 * are thread safe.
 */
@FunctionalInterface
public interface Dialing {

    /** Starts a dial to the local API of that runner and returns at once. A failure shows in {@link Dial#await}. */
    Dial dial(String runnerId);

    /** As {@link #dial}; its data connection is picked up after this call, never before. */
    default Dial dialFresh(String runnerId) {
        return dial(runnerId);
    }

    /**
     * As {@link #dial}, for a stream that nobody needs yet. It fails at once if the runner isn't connected. If its stream is an
     * {@link ml.helix.wolf.revdial.IdleStream}, that counts as running only from its {@code begin} on.
     */
    default Dial dialAhead(String runnerId) {
        return dial(runnerId);
    }
}
