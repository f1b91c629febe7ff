package ml.helix.wolf.controlplane.registry;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What agents and admins say of an instance. Null is what nobody has said.
 *
 * @param zone where it runs
 * @param maxSessions how many sessions it can have at once
 * @param activeSessions how many it has, as its agent counts them at Wolf
 * @param wolfReachable whether the agent reaches its Wolf
 * @param wolfHealth Wolf's own word for its health
 * @param cordoned whether its node is cordoned, as its agent says: nothing new goes there
 */
public record Facts(
        @Nullable String zone,
        @Nullable Map<String, String> labels,
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

    public static final Facts NONE =
            new Facts(null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

    public Facts {
        labels = labels == null ? null : Collections.unmodifiableMap(new TreeMap<>(labels));
    }

    /** These, with what the newer ones say in place of it. */
    public Facts with(Facts newer) {
        return new Facts(
                either(newer.zone, zone),
                either(newer.labels, labels),
                either(newer.maxSessions, maxSessions),
                either(newer.activeSessions, activeSessions),
                either(newer.gpuVendor, gpuVendor),
                either(newer.gpuName, gpuName),
                either(newer.gpuCount, gpuCount),
                either(newer.gpuUtilizationPercent, gpuUtilizationPercent),
                either(newer.gpuMemoryUsedMb, gpuMemoryUsedMb),
                either(newer.gpuMemoryTotalMb, gpuMemoryTotalMb),
                either(newer.gpuTemperatureCelsius, gpuTemperatureCelsius),
                either(newer.encoderSessions, encoderSessions),
                either(newer.wolfReachable, wolfReachable),
                either(newer.wolfHealth, wolfHealth),
                either(newer.agentVersion, agentVersion),
                either(newer.cordoned, cordoned));
    }

    /** What only the agent can know, and no admin replaces. */
    Facts ofTheNode() {
        return new Facts(
                null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, cordoned);
    }

    private static <T> @Nullable T either(@Nullable T newer, @Nullable T older) {
        return newer != null ? newer : older;
    }
}
