package ml.helix.wolf.controlplane.registry;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.revdial.RunnerEvent.Connected;
import ml.helix.wolf.revdial.RunnerEvent.Lost;

/**
 * The records of all instances, in memory, and which changes of them the store doesn't have yet. Notes when tunnels come up
 * and end. Thread safe.
 */
public final class Records implements Consumer<RunnerEvent> {
    /** A token that opens every id could otherwise fill the memory. */
    static final int MAX_RECORDS = 200_000;

    /** By id. Guarded by this. */
    private final Map<String, InstanceRecord> records = new HashMap<>();
    /** The changes that the store doesn't have, one for each id. Guarded by this. */
    private Map<String, InstanceRecord> unsaved = new LinkedHashMap<>();

    @Override
    public void accept(RunnerEvent event) {
        change(
                switch (event) {
                    case Connected(String id, var _, Instant at) -> InstanceRecord.connected(id, millis(at));
                    case Lost(String id, var _, Instant at, var _) -> InstanceRecord.lost(id, millis(at));
                });
    }

    /** Changes a record, or creates it; the store gets it later. Returns whether there is room for it. */
    synchronized boolean change(InstanceRecord change) {
        if (!hasRoomFor(change.id())) {
            return false;
        }
        merge(records, change);
        merge(unsaved, change);
        return true;
    }

    synchronized boolean hasRoomFor(String id) {
        return records.containsKey(id) || records.size() < MAX_RECORDS;
    }

    private static void merge(Map<String, InstanceRecord> into, InstanceRecord change) {
        into.compute(change.id(), (id, record) -> (record == null ? InstanceRecord.of(id) : record).with(change));
    }

    synchronized List<InstanceRecord> all() {
        return List.copyOf(records.values());
    }

    synchronized Optional<InstanceRecord> find(String id) {
        return Optional.ofNullable(records.get(id));
    }

    /** The changes that the store doesn't have. Whoever takes them saves them or brings them back. */
    synchronized Collection<InstanceRecord> takeUnsaved() {
        Map<String, InstanceRecord> taken = unsaved;
        unsaved = new LinkedHashMap<>();
        return taken.values();
    }

    /** They were not saved; there may be newer ones by now. */
    synchronized void bringBack(Collection<InstanceRecord> taken) {
        Map<String, InstanceRecord> newer = unsaved;
        unsaved = new LinkedHashMap<>();
        taken.forEach(change -> merge(unsaved, change));
        newer.values().forEach(change -> merge(unsaved, change));
    }

    synchronized boolean hasUnsaved() {
        return !unsaved.isEmpty();
    }

    /** The store has taken a change of an admin. */
    synchronized void saved(AdminChange change) {
        switch (change) {
            case AdminChange.Merge(InstanceRecord merged) -> merge(records, merged);
            case AdminChange.Replace(InstanceRecord replacement) -> {
                InstanceRecord before = records.getOrDefault(change.id(), InstanceRecord.of(change.id()));
                put(before.withoutFacts().with(replacement));
            }
            case AdminChange.Forget(String id) -> forget(id);
        }
    }

    /** What the store has. */
    synchronized void loaded(List<InstanceRecord> rows) {
        rows.forEach(this::put);
    }

    /** What the store has, and that there is nothing else in it. */
    synchronized void loadedAll(List<InstanceRecord> rows) {
        Set<String> gone = new HashSet<>(records.keySet());
        rows.forEach(row -> gone.remove(row.id()));
        gone.forEach(this::forget);
        loaded(rows);
    }

    /** What was changed meanwhile comes on top. */
    private void put(InstanceRecord record) {
        InstanceRecord change = unsaved.get(record.id());
        records.put(record.id(), change == null ? record : record.with(change));
    }

    /** Of one that is connected, only the time of its connection stays. */
    private void forget(String id) {
        InstanceRecord record = records.remove(id);
        boolean connected = record != null && record.isConnected();
        if (connected || unsaved.containsKey(id)) {
            put(new InstanceRecord(id, Facts.NONE, null, null, null, connected ? record.connectedAt() : null, null));
        }
    }

    /** As the store keeps times. */
    static Instant millis(Instant time) {
        return time.truncatedTo(ChronoUnit.MILLIS);
    }
}
