package ml.helix.wolf.controlplane.registry;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the registry keeps of an instance; or a change of it, where null is what stays.
 *
 * @param registered whether an admin has created it
 * @param draining whether an admin has told it to drain: nothing new goes there
 * @param connectedAt when its last control connection came up
 * @param lostAt when its last control connection ended
 */
public record InstanceRecord(
        String id,
        Facts facts,
        @Nullable Boolean registered,
        @Nullable Boolean draining,
        @Nullable Instant lastHeartbeat,
        @Nullable Instant connectedAt,
        @Nullable Instant lostAt) {

    /** Nothing but its id. */
    public static InstanceRecord of(String id) {
        return new InstanceRecord(id, Facts.NONE, null, null, null, null, null);
    }

    static InstanceRecord heartbeat(String id, Facts facts, Instant at) {
        return new InstanceRecord(id, facts, null, null, at, null, null);
    }

    static InstanceRecord connected(String id, Instant at) {
        return new InstanceRecord(id, Facts.NONE, null, null, null, at, null);
    }

    static InstanceRecord lost(String id, Instant at) {
        return new InstanceRecord(id, Facts.NONE, null, null, null, null, at);
    }

    static InstanceRecord registered(String id, Facts facts) {
        return new InstanceRecord(id, facts, true, null, null, null, null);
    }

    static InstanceRecord draining(String id, boolean draining) {
        return new InstanceRecord(id, Facts.NONE, null, draining, null, null, null);
    }

    /** This one after a change. Times only grow. */
    InstanceRecord with(InstanceRecord change) {
        return new InstanceRecord(
                id,
                facts.with(change.facts),
                change.registered != null ? change.registered : registered,
                change.draining != null ? change.draining : draining,
                later(lastHeartbeat, change.lastHeartbeat),
                later(connectedAt, change.connectedAt),
                later(lostAt, change.lostAt));
    }

    /** Without what an admin may replace. */
    InstanceRecord withoutFacts() {
        return new InstanceRecord(id, facts.ofTheNode(), registered, draining, lastHeartbeat, connectedAt, lostAt);
    }

    /** Whether its connection came up after the last one had ended. After a crash of the control plane it may be over. */
    boolean isConnected() {
        return connectedAt != null && (lostAt == null || connectedAt.isAfter(lostAt));
    }

    /** When something last happened to it; null if nothing has. */
    @Nullable
    Instant lastSign() {
        return later(lastHeartbeat, later(connectedAt, lostAt));
    }

    boolean isRegistered() {
        return Boolean.TRUE.equals(registered);
    }

    boolean isDraining() {
        return Boolean.TRUE.equals(draining);
    }

    /** Whether its agent says that its node is cordoned. An admin's drain neither begins nor ends with that. */
    boolean isCordoned() {
        return Boolean.TRUE.equals(facts.cordoned());
    }

    /** The later one; null if both are. */
    static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.isAfter(other) ? one : other;
    }
}
