package ml.helix.wolf.controlplane.dialing;

/**
 * Opens streams to runners. Hides who holds a runner's control connection from those who want a stream. Implementations
 * are thread safe.
 */
@FunctionalInterface
public interface Dialing {

    /** Starts a dial to the local API of that runner and returns at once. A failure shows in {@link Dial#await}. */
    Dial dial(String runnerId);
}
