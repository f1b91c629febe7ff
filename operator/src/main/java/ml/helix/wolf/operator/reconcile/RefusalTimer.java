package ml.helix.wolf.operator.reconcile;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells a refusal that persists from one that passes, by time: a WolfTunnel's refusals persist if they have repeated for
 * {@link #PERSISTS_AFTER}, whatever their codes. Thread-safe.
 */
final class RefusalTimer {
    static final Duration PERSISTS_AFTER = Duration.ofSeconds(30);

    private final InstantSource clock;
    private final Map<ResourceID, Instant> since = new ConcurrentHashMap<>();

    /** @param clock may jump; a jump back starts the time anew */
    RefusalTimer(InstantSource clock) {
        this.clock = clock;
    }

    /** Records a refusal. Returns whether refusals have persisted, without a {@link #reset} between. */
    boolean persists(ResourceID resource) {
        var now = clock.instant();
        var first = since.merge(resource, now, (before, latest) -> before.isAfter(latest) ? latest : before);
        return !now.isBefore(first.plus(PERSISTS_AFTER));
    }

    /** For a success, and for a request without an answer. */
    void reset(ResourceID resource) {
        since.remove(resource);
    }
}
