package ml.helix.wolf.operator.reconcile;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Since when the API server refuses what a tunnel needs. A single refusal may pass; one that repeats for {@link #LASTING}
 * doesn't, whatever its code. Thread-safe.
 */
final class RefusalTimer {
    static final Duration LASTING = Duration.ofSeconds(30);

    private final InstantSource clock;
    private final Map<ResourceID, Instant> since = new ConcurrentHashMap<>();

    /** @param clock may jump; a jump back starts the time anew */
    RefusalTimer(InstantSource clock) {
        this.clock = clock;
    }

    /** Notes a refusal, and says whether it has lasted without a success between. */
    boolean lasting(ResourceID tunnel) {
        var now = clock.instant();
        var first = since.merge(tunnel, now, (before, latest) -> before.isAfter(latest) ? latest : before);
        return !now.isBefore(first.plus(LASTING));
    }

    /** Nothing is refused any more, or nothing answers. */
    void over(ResourceID tunnel) {
        since.remove(tunnel);
    }
}
