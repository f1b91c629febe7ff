package ml.helix.wolf.controlplane.routing;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import ml.helix.wolf.controlplane.registry.Instance;
import org.jspecify.annotations.Nullable;

/** What this process has sent to each instance. Not thread safe. */
final class Tally {
    /** How long an instance that has failed a request comes after the others. */
    static final Duration PENALTY = Duration.ofSeconds(5);

    private final Duration heartbeatInterval;
    private final Map<String, Entry> entries = new HashMap<>();
    private long turn;

    private static final class Entry {
        private long turn;
        private int running;
        private int begun;
        /** What {@link #begun} goes by: it is 0 again after a newer heartbeat, or after one interval. */
        private @Nullable Instant heartbeat;

        private Instant since = Instant.MIN;
        private Instant failingUntil = Instant.MIN;
    }

    Tally(Duration heartbeatInterval) {
        this.heartbeatInterval = heartbeatInterval;
    }

    Candidate candidate(Instance instance, Instant now) {
        Entry entry = entries.get(instance.id());
        if (entry == null) {
            return new Candidate(instance, 0, 0, 0, false);
        }
        return new Candidate(
                instance, begun(entry, instance, now), entry.running, entry.turn, now.isBefore(entry.failingUntil));
    }

    private int begun(Entry entry, Instance instance, Instant now) {
        boolean reported = !Objects.equals(entry.heartbeat, instance.lastHeartbeat())
                || !now.isBefore(entry.since.plus(heartbeatInterval));
        return reported ? 0 : entry.begun;
    }

    /** @param beginsSession whether the request may begin a session there */
    void chosen(Instance instance, boolean beginsSession, Instant now) {
        Entry entry = entries.computeIfAbsent(instance.id(), id -> new Entry());
        entry.turn = ++turn;
        entry.running++;
        if (beginsSession) {
            int begun = begun(entry, instance, now);
            if (begun == 0) {
                entry.heartbeat = instance.lastHeartbeat();
                entry.since = now;
            }
            entry.begun = begun + 1;
        }
    }

    void failed(String id, Instant now) {
        Entry entry = entries.get(id);
        if (entry != null) {
            entry.failingUntil = now.plus(PENALTY);
        }
    }

    void ended(String id) {
        Entry entry = entries.get(id);
        if (entry != null) {
            entry.running--;
        }
    }

    /** Forgets the instances that are not there any more, if there are many. */
    void keep(List<Instance> instances) {
        if (entries.size() > 2 * instances.size() + 100) {
            Set<String> ids = instances.stream().map(Instance::id).collect(Collectors.toSet());
            entries.entrySet().removeIf(entry -> entry.getValue().running == 0 && !ids.contains(entry.getKey()));
        }
    }
}
