package ml.helix.wolf.revdial;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** The last dialer ids that ended: they tell a late pickup from a wrong one. Guarded by the manager's lock. */
final class ExpiredDialers {
    static final int LIMIT = 10_000;

    private final Deque<String> inOrder = new ArrayDeque<>();
    private final Set<String> ids = new HashSet<>();

    void add(String id) {
        if (ids.add(id)) {
            inOrder.addLast(id);
            if (inOrder.size() > LIMIT) {
                ids.remove(inOrder.removeFirst());
            }
        }
    }

    boolean contains(String id) {
        return ids.contains(id);
    }
}
