package ml.helix.wolf.controlplane.registry;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Whether an instance can be used now. */
public enum InstanceStatus {
    /** Connected; its heartbeats are fresh, or it has never sent one. */
    ONLINE,
    /** Lost and in its grace period; or connected, but its Wolf is unreachable or two heartbeats are missing. */
    DEGRADED,
    /** Not connected, and its grace period is over. */
    OFFLINE;

    /**
     * The status of an instance.
     *
     * @param heartbeatInterval how often an agent sends a heartbeat, give or take 10 %. Two are missing if none has come for
     *     2.5 intervals; a connection has that much time to send its first one
     */
    static InstanceStatus of(InstanceRecord record, @Nullable Tunnel tunnel, Instant now, Duration heartbeatInterval) {
        if (tunnel == null || (!tunnel.connected() && !tunnel.inGracePeriod())) {
            return OFFLINE;
        }
        boolean unreachable = Boolean.FALSE.equals(record.facts().wolfReachable());
        return !tunnel.connected()
                        || unreachable
                        || isSilent(
                                record, now, heartbeatInterval.multipliedBy(5).dividedBy(2))
                ? DEGRADED
                : ONLINE;
    }

    private static boolean isSilent(InstanceRecord record, Instant now, Duration longest) {
        Instant latest = InstanceRecord.later(record.lastHeartbeat(), record.connectedAt());
        return record.lastHeartbeat() != null
                && latest != null
                && latest.plus(longest).isBefore(now);
    }
}
