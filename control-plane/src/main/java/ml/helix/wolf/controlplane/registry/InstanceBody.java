package ml.helix.wolf.controlplane.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import ml.helix.wolf.program.Labels;
import ml.helix.wolf.program.Printable;
import ml.helix.wolf.program.RunnerId;
import org.jspecify.annotations.Nullable;

/** What a request says of an instance: its id perhaps, and {@link Facts}. Checked: each value is within its limits. */
record InstanceBody(
        @Nullable String id,
        @Nullable String zone,
        @Nullable Map<String, @Nullable String> labels,
        @Nullable Integer maxSessions,
        @Nullable Integer activeSessions,
        @Nullable String gpuVendor,
        @Nullable String gpuName,
        @Nullable Integer gpuCount,
        @Nullable Double gpuUtilizationPercent,
        @Nullable Integer gpuMemoryUsedMb,
        @Nullable Integer gpuMemoryTotalMb,
        @Nullable Double gpuTemperatureCelsius,
        @Nullable Integer encoderSessions,
        @Nullable Boolean wolfReachable,
        @Nullable String wolfHealth,
        @Nullable String agentVersion,
        @Nullable Boolean cordoned) {
    private static final int MOST_SESSIONS = 10_000;
    private static final int MOST_GPUS = 1024;
    private static final int MOST_MEGABYTES = 100_000_000;

    InstanceBody {
        var problems = new ArrayList<String>();
        check("id", id, RunnerId::check, problems);
        check("zone", zone, Labels::checkZone, problems);
        check("labels", labels, InstanceBody::checkLabels, problems);
        within("maxSessions", maxSessions, 0, MOST_SESSIONS, problems);
        within("activeSessions", activeSessions, 0, MOST_SESSIONS, problems);
        text("gpuVendor", gpuVendor, 64, problems);
        text("gpuName", gpuName, 256, problems);
        within("gpuCount", gpuCount, 0, MOST_GPUS, problems);
        within("gpuUtilizationPercent", gpuUtilizationPercent, 0, 100, problems);
        within("gpuMemoryUsedMb", gpuMemoryUsedMb, 0, MOST_MEGABYTES, problems);
        within("gpuMemoryTotalMb", gpuMemoryTotalMb, 0, MOST_MEGABYTES, problems);
        within("gpuTemperatureCelsius", gpuTemperatureCelsius, -273, 1000, problems);
        within("encoderSessions", encoderSessions, 0, MOST_SESSIONS, problems);
        text("wolfHealth", wolfHealth, 64, problems);
        text("agentVersion", agentVersion, 128, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems));
        }
    }

    private static <T> void check(String name, @Nullable T value, Consumer<T> check, List<String> problems) {
        try {
            if (value != null) {
                check.accept(value);
            }
        } catch (IllegalArgumentException e) {
            problems.add(name + ": " + e.getMessage());
        }
    }

    @SuppressWarnings("NullAway") // no value is null when it is passed on
    private static Map<String, String> checkLabels(Map<String, @Nullable String> labels) {
        if (labels.values().stream().anyMatch(Objects::isNull)) {
            throw new IllegalArgumentException("must have a string as each value");
        }
        return Labels.check(labels);
    }

    private static void within(String name, @Nullable Number value, int least, int most, List<String> problems) {
        if (value != null && !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            problems.add(name + ": must be from " + least + " to " + most + ", not " + value);
        }
    }

    private static void text(String name, @Nullable String value, int longest, List<String> problems) {
        if (value != null
                && (value.isEmpty()
                        || value.length() > longest
                        || !value.codePoints().allMatch(Printable::isPrintable))) {
            problems.add(name + ": must be 1 to " + longest + " characters that can be seen");
        }
    }

    Facts facts() {
        return new Facts(
                zone,
                labels == null ? null : checkLabels(labels),
                maxSessions,
                activeSessions,
                gpuVendor,
                gpuName,
                gpuCount,
                gpuUtilizationPercent,
                gpuMemoryUsedMb,
                gpuMemoryTotalMb,
                gpuTemperatureCelsius,
                encoderSessions,
                wolfReachable,
                wolfHealth,
                agentVersion,
                cordoned);
    }
}
