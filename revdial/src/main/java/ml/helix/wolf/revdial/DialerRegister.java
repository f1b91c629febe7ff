package ml.helix.wolf.revdial;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The dialers of a {@link ConnectionManager} by their ids, and the ids of those that ended. Guarded by the manager's lock. */
final class DialerRegister {
    private final Map<String, Dialer> dialers = new HashMap<>();
    private final ExpiredDialers expired = new ExpiredDialers();

    void add(Dialer dialer) {
        dialers.put(dialer.id, dialer);
    }

    void expire(Dialer dialer) {
        dialers.remove(dialer.id);
        expired.add(dialer.id);
    }

    @Nullable
    Dialer find(String dialerId) {
        return dialers.get(dialerId);
    }

    DialerState state(String dialerId) {
        if (dialers.containsKey(dialerId)) {
            return DialerState.UP;
        }
        return expired.contains(dialerId) ? DialerState.EXPIRED : DialerState.UNKNOWN;
    }

    Collection<Dialer> all() {
        return List.copyOf(dialers.values());
    }
}
