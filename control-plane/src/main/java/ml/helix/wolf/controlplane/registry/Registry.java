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

/**
 * All instances: those that are connected, and those of which there is a record. Answers from memory. Thread safe.
 *
 * @param heartbeatInterval how often an agent sends a heartbeat
 */
public record Registry(Records records, Tunnels tunnels, Duration heartbeatInterval, InstantSource clock) {
    private static final Duration MEMORY = Duration.ofHours(24);

    /** Every instance as it is now, in the order of the ids. */
    public List<Instance> all() {
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

    /** One instance as it is now; empty if it is neither connected nor recorded. */
    public Optional<Instance> find(String id) {
        Optional<Tunnel> tunnel = tunnels.find(id);
        return records.find(id)
                .or(() -> tunnel.map(known -> InstanceRecord.of(id)))
                .map(record -> Instance.of(record, tunnel.orElse(null), clock.instant(), heartbeatInterval));
    }
}
