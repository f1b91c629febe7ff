package ml.helix.wolf.controlplane.routing;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * At which instance each session is, as far as this process knows. Bounded: a session that nobody has used for {@link #IDLE} is
 * forgotten, and beyond {@link #LIMIT} the one that was used longest ago. Not thread safe.
 */
final class Sessions {
    static final Duration IDLE = Duration.ofHours(24);
    static final int LIMIT = 100_000;
    /** How long a binding holds until the other replicas are asked again. */
    static final Duration AGREED = Duration.ofMinutes(10);

    /** The one that was used longest ago first. */
    private final Map<String, Place> places = new LinkedHashMap<>();

    /**
     * Where a session is.
     *
     * @param agreedAt when the replicas agreed on it; {@link Instant#MIN} if they have not
     */
    record Place(Binding binding, Instant agreedAt, Instant used) {

        boolean isAgreed(Instant now) {
            return agreedAt.isAfter(Instant.MIN) && now.isBefore(agreedAt.plus(AGREED));
        }
    }

    /** Where the session is; this is a use of it. */
    Optional<Place> find(String session, Instant now) {
        forgetIdle(now);
        Place place = places.remove(session);
        if (place == null) {
            return Optional.empty();
        }
        places.put(session, new Place(place.binding, place.agreedAt, now));
        return Optional.of(place);
    }

    /**
     * The session is there now. One that has moved more often stays.
     *
     * @param agreed whether the replicas agreed on it
     */
    void put(String session, Binding binding, boolean agreed, Instant now) {
        Place known = places.remove(session);
        Place place = new Place(binding, agreed ? now : Instant.MIN, now);
        places.put(session, known != null && known.binding.moves() > binding.moves() ? known : place);
        if (places.size() > LIMIT) {
            removeFirst();
        }
    }

    /** Another replica has moved the session. Ignored if nobody uses it here. */
    void moved(String session, Binding binding, Instant now) {
        places.computeIfPresent(
                session,
                (id, known) -> known.binding.moves() > binding.moves() ? known : new Place(binding, now, known.used));
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
