package ml.helix.wolf.controlplane.registry;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.revdial.RunnerEvent.Connected;
import ml.helix.wolf.revdial.RunnerEvent.Lost;

/** The records of all instances, in memory. Notes when tunnels come up and end. Thread safe. */
public final class Records implements Consumer<RunnerEvent> {
    /** By id. Guarded by this. */
    private final Map<String, InstanceRecord> records = new HashMap<>();

    @Override
    public void accept(RunnerEvent event) {
        change(
                switch (event) {
                    case Connected(String id, var _, Instant at) -> InstanceRecord.connected(id, millis(at));
                    case Lost(String id, var _, Instant at, var _) -> InstanceRecord.lost(id, millis(at));
                });
    }

    synchronized void change(InstanceRecord change) {
        records.compute(change.id(), (id, record) -> (record == null ? InstanceRecord.of(id) : record).with(change));
    }

    synchronized List<InstanceRecord> all() {
        return List.copyOf(records.values());
    }

    synchronized Optional<InstanceRecord> find(String id) {
        return Optional.ofNullable(records.get(id));
    }

    /** As the store keeps times. */
    static Instant millis(Instant time) {
        return time.truncatedTo(ChronoUnit.MILLIS);
    }
}
