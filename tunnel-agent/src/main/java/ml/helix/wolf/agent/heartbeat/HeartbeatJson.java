package ml.helix.wolf.agent.heartbeat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import ml.helix.wolf.agent.report.WolfView;
import org.jspecify.annotations.Nullable;

/** Writes a heartbeat: one JSON object, of less than 16 KiB. What isn't known is left out. */
final class HeartbeatJson {
    private static final JsonFactory JSON = new JsonFactory();
    private static final Map<String, String> VENDORS = new TreeMap<>(
            Map.of("nvidia", "nvidia", "geforce", "nvidia", "amd ", "amd", "radeon", "amd", "intel", "intel"));

    private HeartbeatJson() {}

    /**
     * @param wolf by the last dial and the last probe
     * @param cordoned whether this node is cordoned; null if it isn't known yet
     */
    static byte[] write(
            Registration registration,
            WolfView wolf,
            WolfFacts facts,
            String agentVersion,
            @Nullable Boolean cordoned) {
        var bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            if (wolf.reachable().isPresent()) {
                json.writeBooleanField("wolfReachable", wolf.reachable().get());
            }
            whole(json, "activeSessions", facts.activeSessions());
            whole(json, "maxSessions", registration.maxSessions().orElse(null));
            text(json, "zone", registration.zone().orElse(null));
            labels(json, registration.labels());
            text(json, "agentVersion", agentVersion);
            if (facts.gpu() != null) {
                gpu(json, facts.gpu());
            }
            text(json, "wolfHealth", health(wolf, facts));
            if (cordoned != null) {
                json.writeBooleanField("cordoned", cordoned);
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void gpu(JsonGenerator json, WolfFacts.Gpu gpu) throws IOException {
        text(json, "gpuVendor", gpu.name() == null ? null : vendor(gpu.name()));
        text(json, "gpuName", gpu.name());
        number(json, "gpuUtilizationPercent", gpu.utilizationPercent());
        whole(json, "gpuMemoryUsedMb", gpu.memoryUsedMb());
        whole(json, "gpuMemoryTotalMb", gpu.memoryTotalMb());
        number(json, "gpuTemperatureCelsius", gpu.temperatureCelsius());
        whole(json, "encoderSessions", gpu.encoderSessions());
    }

    private static void labels(JsonGenerator json, Map<String, String> labels) throws IOException {
        if (!labels.isEmpty()) {
            json.writeObjectFieldStart("labels");
            for (var label : new TreeMap<>(labels).entrySet()) {
                json.writeStringField(label.getKey(), label.getValue());
            }
            json.writeEndObject();
        }
    }

    /** Wolf's own word, or that the last probe got no sane answer. */
    private static @Nullable String health(WolfView wolf, WolfFacts facts) {
        return facts.health() == null && wolf.healthy().filter(sane -> !sane).isPresent()
                ? "unhealthy"
                : facts.health();
    }

    /** Wolf tells no vendor, but the GPU's name does. */
    private static @Nullable String vendor(String gpuName) {
        String name = gpuName.toLowerCase(Locale.ROOT);
        return VENDORS.entrySet().stream()
                .filter(vendor -> name.contains(vendor.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    private static void text(JsonGenerator json, String name, @Nullable String value) throws IOException {
        if (value != null) {
            json.writeStringField(name, value);
        }
    }

    private static void whole(JsonGenerator json, String name, @Nullable Integer value) throws IOException {
        if (value != null) {
            json.writeNumberField(name, value);
        }
    }

    private static void number(JsonGenerator json, String name, @Nullable Double value) throws IOException {
        if (value != null) {
            json.writeNumberField(name, value);
        }
    }
}
