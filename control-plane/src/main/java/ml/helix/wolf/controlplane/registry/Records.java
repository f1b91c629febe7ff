package ml.helix.wolf.controlplane.registry;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
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
import org.jspecify.annotations.Nullable;

/**
 * The records of all instances, in memory, and which changes of them the store doesn't have yet. Notes when tunnels come up
 * and end. Thread safe.
 */
public final class Records implements Consumer<RunnerEvent> {
    /** A token that opens every id could otherwise make endless lists. */
    static final int MAX_RECORDS = 200_000;

    /** What a record takes beside its texts, and a label beside its own; rather too much. */
    private static final int RECORD_BYTES = 512;

    private static final int LABEL_BYTES = 160;

    private final long mostBytes;

    /** By id. Guarded by this. */
    private final Map<String, InstanceRecord> records = new HashMap<>();
    /** The changes that the store doesn't have, one for each id. Guarded by this. */
    private Map<String, InstanceRecord> unsaved = new LinkedHashMap<>();
    /** What {@link #records} take. Guarded by this. */
    private long bytes;

    /** @param mostBytes of memory that the records may take; a token that opens every id could otherwise fill it all */
    Records(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /**
     * They may take an eighth of the heap. The rest is for those that the store doesn't have, and for the texts that lists are
     * sent as.
     */
    public static Records ofHeap() {
        return new Records(Runtime.getRuntime().maxMemory() / 8);
    }

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
        if (!hasRoomFor(change)) {
            return false;
        }
        keep(changed(change));
        merge(unsaved, change);
        return true;
    }

    synchronized boolean hasRoomFor(AdminChange change) {
        return switch (change) {
            case AdminChange.Merge(InstanceRecord merged) -> hasRoomFor(merged);
            case AdminChange.Replace(InstanceRecord replacement) -> hasRoomFor(replacement);
            case AdminChange.Forget forget -> true;
        };
    }

    private boolean hasRoomFor(InstanceRecord change) {
        InstanceRecord before = records.get(change.id());
        long more = bytes(changed(change)) - bytes(before);
        return more <= 0 || (bytes + more <= mostBytes && (before != null || records.size() < MAX_RECORDS));
    }

    private InstanceRecord changed(InstanceRecord change) {
        return records.getOrDefault(change.id(), InstanceRecord.of(change.id())).with(change);
    }

    private void keep(InstanceRecord record) {
        bytes += bytes(record) - bytes(records.put(record.id(), record));
    }

    long mostBytes() {
        return mostBytes;
    }

    /** What it takes in memory, rather too much. */
    static long bytes(@Nullable InstanceRecord record) {
        if (record == null) {
            return 0;
        }
        Facts facts = record.facts();
        long sum = RECORD_BYTES + bytes(record.id());
        for (String text : Arrays.asList(
                facts.zone(), facts.gpuVendor(), facts.gpuName(), facts.wolfHealth(), facts.agentVersion())) {
            sum += bytes(text);
        }
        Map<String, String> labels = facts.labels() == null ? Map.of() : facts.labels();
        for (Map.Entry<String, String> label : labels.entrySet()) {
            sum += LABEL_BYTES + bytes(label.getKey()) + bytes(label.getValue());
        }
        return sum;
    }

    private static long bytes(@Nullable String text) {
        return text == null ? 0 : text.length() * (long) Character.BYTES;
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
            case AdminChange.Merge(InstanceRecord merged) -> keep(changed(merged));
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
        keep(change == null ? record : record.with(change));
    }

    /** Of one that is connected, only the time of its connection stays. */
    private void forget(String id) {
        InstanceRecord record = records.remove(id);
        bytes -= bytes(record);
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
