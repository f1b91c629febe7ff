package ml.helix.wolf.controlplane.registry;

import java.time.Duration;
import java.time.Instant;
import ml.helix.wolf.controlplane.http.Inlined;
import org.jspecify.annotations.Nullable;

/**
 * An instance as it is at one moment: what the API shows of it and what routing chooses by.
 *
 * @param id the runner id
 * @param connected whether its agent has a control connection now
 * @param since when that began, or ended if it isn't connected; null if it never was or nobody knows
 * @param draining nothing new should go there: an admin said so, its node is cordoned, or its agent is stopping
 * @param streams that run through its tunnel
 * @param displaced two agents use its id
 * @param replica which replica holds its control connection; null if there is only one
 */
public record Instance(
        String id,
        InstanceStatus status,
        boolean connected,
        @Nullable Instant since,
        boolean draining,
        int streams,
        boolean displaced,
        @Nullable String replica,
        @Nullable Instant lastHeartbeat,
        @Inlined Facts facts) {

    static Instance of(InstanceRecord record, @Nullable Tunnel tunnel, Instant now, Duration heartbeatInterval) {
        boolean connected = tunnel != null && tunnel.connected();
        return new Instance(
                record.id(),
                InstanceStatus.of(record, tunnel, now, heartbeatInterval),
                connected,
                connected == record.isConnected() ? (connected ? record.connectedAt() : record.lostAt()) : null,
                record.isDraining() || record.isCordoned() || (tunnel != null && tunnel.draining()),
                tunnel == null ? 0 : tunnel.streams(),
                tunnel != null && tunnel.displaced(),
                tunnel == null ? null : tunnel.replica(),
                record.lastHeartbeat(),
                record.facts());
    }
}
