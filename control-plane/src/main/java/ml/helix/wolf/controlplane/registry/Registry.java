package ml.helix.wolf.controlplane.registry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All instances: those that are connected, and those of which there is a record. Answers from memory. Thread safe. */
public final class Registry {
    /** Up to so many instances, each call makes the list anew. */
    private static final int FEW = 100;

    /**
     * How long a list stays good, for each further instance in it: 50 ms with 10,000. So making lists takes a small part of
     * the time, however many requests need one.
     */
    private static final Duration FRESH_PER_INSTANCE = Duration.ofNanos(5_000);

    private static final Duration FRESH = Duration.ofMillis(200);

    private static final Duration MEMORY = Duration.ofHours(24);

    private final Records records;
    private final Tunnels tunnels;
    private final Duration heartbeatInterval;
    private final InstantSource clock;
    /** Guarded by this. */
    private List<Instance> list = List.of();
    /** When it was made, in nanoseconds. Guarded by this. */
    private long listedAt;

    /** @param heartbeatInterval how often an agent sends a heartbeat */
    public Registry(Records records, Tunnels tunnels, Duration heartbeatInterval, InstantSource clock) {
        this.records = records;
        this.tunnels = tunnels;
        this.heartbeatInterval = heartbeatInterval;
        this.clock = clock;
    }

    Records records() {
        return records;
    }

    /** Every instance in the order of the ids, as it is now, or with thousands of them was some milliseconds ago. */
    public synchronized List<Instance> all() {
        long fresh = Math.min(FRESH.toNanos(), (list.size() - FEW) * FRESH_PER_INSTANCE.toNanos());
        if (list.size() <= FEW || System.nanoTime() - listedAt >= fresh) {
            list = make();
            listedAt = System.nanoTime();
        }
        return list;
    }

    private List<Instance> make() {
        Instant now = clock.instant();
        Map<String, Tunnel> byId = new HashMap<>();
        tunnels.all().forEach(tunnel -> byId.put(tunnel.id(), tunnel));
        List<Instance> instances = new ArrayList<>();
        for (InstanceRecord record : records.all()) {
            instances.add(Instance.of(record, byId.remove(record.id()), now, heartbeatInterval));
        }
        byId.forEach((id, tunnel) -> instances.add(Instance.of(InstanceRecord.of(id), tunnel, now, heartbeatInterval)));
        instances.sort(Comparator.comparing(Instance::id));
        return List.copyOf(instances);
    }

    /** The ids that only their agents have told of, and of which nothing was seen for {@link #MEMORY}. */
    public List<String> forgettable() {
        Instant before = clock.instant().minus(MEMORY);
        return all().stream()
                .filter(instance -> instance.status() == InstanceStatus.OFFLINE)
                .flatMap(instance -> records.find(instance.id()).stream())
                .filter(record -> !record.isRegistered() && !record.isDraining())
                .filter(record -> record.lastSign() != null && record.lastSign().isBefore(before))
                .map(InstanceRecord::id)
                .toList();
    }

    /** The instance of a record that was just written; another request may have deleted it since. */
    Instance written(InstanceRecord record) {
        return find(record.id())
                .orElseGet(() -> Instance.of(record, /* tunnel= */ null, clock.instant(), heartbeatInterval));
    }

    /** One instance as it is now; empty if it is neither connected nor recorded. */
    public Optional<Instance> find(String id) {
        Optional<Tunnel> tunnel = tunnels.find(id);
        return records.find(id)
                .or(() -> tunnel.map(known -> InstanceRecord.of(id)))
                .map(record -> Instance.of(record, tunnel.orElse(null), clock.instant(), heartbeatInterval));
    }
}
