package ml.helix.wolf.controlplane.page;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import ml.helix.wolf.controlplane.http.Json;
import ml.helix.wolf.controlplane.registry.Instance;

/** Makes what the page shows of each instance: the instance, and its bytes per second since the last time. Not thread safe. */
public final class InstanceRows implements Supplier<SequencedMap<String, String>> {
    /** After a longer pause the bytes are no rate of now. In nanoseconds. */
    private static final long LONGEST_PAUSE = 5_000_000_000L;

    private final Supplier<List<Instance>> instances;
    private final ToLongFunction<String> bytes;
    private final LongSupplier nanoTime;
    private Map<String, Long> bytesBefore = Map.of();
    private long takenAt;

    private record Row(Instance instance, long bytesPerSecond) {}

    /** @param bytes how many the streams of that runner have carried in all */
    public InstanceRows(Supplier<List<Instance>> instances, ToLongFunction<String> bytes, LongSupplier nanoTime) {
        this.instances = instances;
        this.bytes = bytes;
        this.nanoTime = nanoTime;
    }

    /** Each instance as JSON, by its id. */
    @Override
    public SequencedMap<String, String> get() {
        long now = nanoTime.getAsLong();
        long pause = now - takenAt;
        boolean comparable = pause > 0 && pause <= LONGEST_PAUSE;
        Map<String, Long> bytesNow = new HashMap<>();
        SequencedMap<String, String> rows = new LinkedHashMap<>();
        for (Instance instance : instances.get()) {
            String id = instance.id();
            long total = bytes.applyAsLong(id);
            long before = bytesBefore.getOrDefault(id, 0L);
            bytesNow.put(id, total);
            long rate = comparable ? Math.round(Math.max(0, total - before) * 1e9 / pause) : 0;
            rows.put(id, Json.text(new Row(instance, rate)));
        }
        bytesBefore = bytesNow;
        takenAt = now;
        return rows;
    }
}
