package ml.helix.wolf.controlplane.routing;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which instance each session belongs to. Bounded: a session that nobody has used for {@link #IDLE} is forgotten, and beyond
 * {@link #LIMIT} the one that was used longest ago. Not thread safe.
 */
final class Sessions {
    static final Duration IDLE = Duration.ofHours(24);
    static final int LIMIT = 100_000;

    /** The one that was used longest ago first. */
    private final Map<String, Place> places = new LinkedHashMap<>();

    private record Place(String instance, Instant used) {}

    /** Where the session is; this is a use of it. */
    Optional<String> find(String session, Instant now) {
        forgetIdle(now);
        Place place = places.remove(session);
        if (place == null) {
            return Optional.empty();
        }
        places.put(session, new Place(place.instance, now));
        return Optional.of(place.instance);
    }

    void put(String session, String instance, Instant now) {
        places.remove(session);
        places.put(session, new Place(instance, now));
        if (places.size() > LIMIT) {
            removeFirst();
        }
    }

    int size() {
        return places.size();
    }

    private void forgetIdle(Instant now) {
        while (!places.isEmpty()
                && !now.isBefore(places.values().iterator().next().used.plus(IDLE))) {
            removeFirst();
        }
    }

    private void removeFirst() {
        Iterator<Place> oldest = places.values().iterator();
        oldest.next();
        oldest.remove();
    }
}
