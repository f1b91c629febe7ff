package ml.helix.wolf.controlplane.routing;

import java.time.Instant;
import ml.helix.wolf.controlplane.registry.Facts;
import ml.helix.wolf.controlplane.registry.Instance;
import ml.helix.wolf.controlplane.registry.InstanceStatus;
import org.jspecify.annotations.Nullable;

/** Instances for tests: online, idle and without facts, unless changed. */
final class Instances {
    private Instances() {}

    static Instance online(String id) {
        return new Instance(
                id, InstanceStatus.ONLINE, true, Instant.EPOCH, false, 0, false, null, Instant.EPOCH, Facts.NONE);
    }

    static Instance status(Instance of, InstanceStatus status) {
        boolean connected = status != InstanceStatus.OFFLINE;
        return new Instance(
                of.id(), status, connected, of.since(), of.draining(), 0, false, null, of.lastHeartbeat(), of.facts());
    }

    static Instance draining(Instance of) {
        return new Instance(
                of.id(), of.status(), true, of.since(), true, 0, false, null, of.lastHeartbeat(), of.facts());
    }

    static Instance streams(Instance of, int streams) {
        return new Instance(
                of.id(), of.status(), true, of.since(), false, streams, false, null, of.lastHeartbeat(), of.facts());
    }

    static Instance sessions(Instance of, @Nullable Integer active, @Nullable Integer max) {
        return with(of, facts(of.facts().zone(), active, max));
    }

    static Instance zone(Instance of, String zone) {
        return with(of, facts(zone, of.facts().activeSessions(), of.facts().maxSessions()));
    }

    static Instance heartbeat(Instance of, Instant at) {
        return new Instance(of.id(), of.status(), true, of.since(), false, of.streams(), false, null, at, of.facts());
    }

    private static Instance with(Instance of, Facts facts) {
        return new Instance(
                of.id(),
                of.status(),
                of.connected(),
                of.since(),
                of.draining(),
                of.streams(),
                false,
                null,
                of.lastHeartbeat(),
                facts);
    }

    private static Facts facts(@Nullable String zone, @Nullable Integer active, @Nullable Integer max) {
        return new Facts(
                zone, null, max, active, null, null, null, null, null, null, null, null, null, null, null, null);
    }
}
