package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.RunnerIdConflict;
import ml.helix.wolf.operator.status.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Which agents are in a fight for their id. Two agents with one id displace each other every 30 to 60 s, and each is
 * connected between: one that has been displaced counts as such until its connection has stood for {@link #PEACE}, so that
 * the status says one thing and not two in turn.
 *
 * <p>Thread-safe. Keeps the last report of each displaced agent, until its pod is gone or {@link #forget}.
 */
final class DisplacedAgents {
    static final Duration PEACE = Duration.ofMinutes(2);

    private final LongSupplier nanoTime;
    private final Map<ResourceID, Map<String, Seen>> byTunnel = new ConcurrentHashMap<>();

    private record Seen(AgentReport report, long at) {}

    /** @param nanoTime a clock that never jumps */
    DisplacedAgents(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * The same agents, those in a fight with their rival.
     *
     * @param last the last status: to an operator that has just started an old displacement is no news, unless the status
     *     says so
     */
    List<ObservedAgent> judged(ResourceID tunnel, List<ObservedAgent> agents, @Nullable WolfTunnelStatus last) {
        long now = nanoTime.getAsLong();
        var displacedBefore = Stream.ofNullable(last)
                .flatMap(status -> status.tunnels().stream())
                .filter(row -> Reason.Displaced.name().equals(row.reason()))
                .map(row -> requireNonNullElse(row.pod(), ""))
                .collect(Collectors.toSet());
        var before = byTunnel.getOrDefault(tunnel, Map.of());
        var seen = new HashMap<String, Seen>();
        for (var agent : agents) {
            if (agent.answer() instanceof AgentAnswer.Reported(var report) && report.displaced()) {
                var uid = agent.pod().uid();
                seen.put(
                        uid,
                        seen(
                                before.get(uid),
                                report,
                                displacedBefore.contains(agent.pod().name()),
                                now));
            }
        }
        if (seen.isEmpty()) {
            byTunnel.remove(tunnel);
        } else {
            byTunnel.put(tunnel, seen);
        }
        return agents.stream()
                .map(agent -> agent.conflict().isEmpty()
                                && fights(seen.get(agent.pod().uid()), now)
                        ? agent.withConflict(new RunnerIdConflict.WithUnknownAgent())
                        : agent)
                .toList();
    }

    private static Seen seen(@Nullable Seen before, AgentReport report, boolean displacedBefore, long now) {
        if (before != null) {
            return before.report().equals(report) ? before : new Seen(report, now);
        }
        boolean news = displacedBefore || !report.connected();
        return new Seen(report, news ? now : now - PEACE.toNanos());
    }

    private static boolean fights(@Nullable Seen seen, long now) {
        return seen != null && (!seen.report().connected() || now - seen.at() < PEACE.toNanos());
    }

    void forget(ResourceID tunnel) {
        byTunnel.remove(tunnel);
    }
}
