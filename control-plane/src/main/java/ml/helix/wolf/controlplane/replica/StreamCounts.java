package ml.helix.wolf.controlplane.replica;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.controlplane.replica.PeerMessage.Streams;

/** How many streams the other replicas have to each runner. Thread-safe. */
final class StreamCounts {
    private final Map<String, Map<String, Integer>> byReplica = new ConcurrentHashMap<>();

    void set(String replica, Streams streams) {
        Map<String, Integer> counts = byReplica.computeIfAbsent(replica, id -> new ConcurrentHashMap<>());
        if (streams.count() > 0) {
            counts.put(streams.runnerId(), streams.count());
        } else {
            counts.remove(streams.runnerId());
        }
    }

    void forget(String replica) {
        byReplica.remove(replica);
    }

    int of(String runnerId) {
        return byReplica.values().stream()
                .mapToInt(counts -> counts.getOrDefault(runnerId, 0))
                .sum();
    }
}
