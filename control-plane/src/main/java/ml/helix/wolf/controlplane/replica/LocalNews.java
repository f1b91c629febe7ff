package ml.helix.wolf.controlplane.replica;

import java.util.function.Consumer;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.RunnerEvent;

/** Brings what happens on this replica's control connections to {@link Replicas}, which is made after them. Thread-safe. */
public final class LocalNews {
    private volatile Consumer<RunnerEvent> events = event -> {};
    private volatile Consumer<FailedPickup> pickups = failed -> {};

    void to(Consumer<RunnerEvent> eventListener, Consumer<FailedPickup> pickupListener) {
        events = eventListener;
        pickups = pickupListener;
    }

    /** A runner came or went. */
    public void event(RunnerEvent event) {
        events.accept(event);
    }

    /** An agent here says that a pickup for another replica failed. Never blocks. */
    public void failed(FailedPickup pickup) {
        pickups.accept(pickup);
    }
}
