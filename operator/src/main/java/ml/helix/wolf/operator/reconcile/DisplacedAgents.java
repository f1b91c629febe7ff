package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * Finds the agents that share their runner id with an unknown agent. Two such agents displace each other every 30 to 60 s, and
 * each is connected between. So an agent that was displaced counts as displaced until its connection has stood for
 * {@link #SETTLED_AFTER}: the status stays the same, instead of saying two things in turn.
 *
 * <p>Thread-safe. Keeps the last report of each displaced agent until its pod is deleted, or until {@link #forget}.
 */
final class DisplacedAgents {
    static final Duration SETTLED_AFTER = Duration.ofMinutes(2);

    private final LongSupplier nanoTime;
    /** By WolfTunnel and pod uid. */
    private final Map<ResourceID, Map<String, Seen>> displaced = new ConcurrentHashMap<>();

    /** @param since when this report was first seen, in nanoseconds */
    private record Seen(AgentReport report, long since) {}

    /** @param nanoTime a clock that never jumps */
    DisplacedAgents(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * The same agents. Those that count as displaced have a conflict.
     *
     * @param last the last status. An operator that has just started cannot know how old a displacement is: it counts only if
     *     the agent is not connected, or if the last status names it.
     */
    List<ObservedAgent> mark(ResourceID resource, List<ObservedAgent> agents, @Nullable WolfTunnelStatus last) {
        long now = nanoTime.getAsLong();
        var displacedPods = displacedPods(last);
        var before = displaced.getOrDefault(resource, Map.of());
        var seen = new HashMap<String, Seen>();
        for (var agent : agents) {
            if (agent.answer() instanceof AgentAnswer.Reported(var report) && report.displaced()) {
                var pod = agent.pod();
                seen.put(pod.uid(), seen(before.get(pod.uid()), report, displacedPods.contains(pod.name()), now));
            }
        }
        if (seen.isEmpty()) {
            displaced.remove(resource);
        } else {
            displaced.put(resource, seen);
        }
        return agents.stream()
                .map(agent -> agent.conflict().isEmpty()
                                && isDisplaced(seen.get(agent.pod().uid()), now)
                        ? agent.withConflict(new RunnerIdConflict.WithUnknownAgent())
                        : agent)
                .toList();
    }

    private static Set<String> displacedPods(@Nullable WolfTunnelStatus last) {
        return Stream.ofNullable(last)
                .flatMap(status -> status.tunnels().stream())
                .filter(tunnel -> Reason.Displaced.name().equals(tunnel.reason()))
                .map(tunnel -> requireNonNullElse(tunnel.pod(), ""))
                .collect(Collectors.toSet());
    }

    private static Seen seen(@Nullable Seen before, AgentReport report, boolean displacedInStatus, long now) {
        if (before != null) {
            return before.report().equals(report) ? before : new Seen(report, now);
        }
        boolean recent = displacedInStatus || report.displacedAndDown();
        return new Seen(report, recent ? now : now - SETTLED_AFTER.toNanos());
    }

    private static boolean isDisplaced(@Nullable Seen seen, long now) {
        return seen != null && (seen.report().displacedAndDown() || now - seen.since() < SETTLED_AFTER.toNanos());
    }

    void forget(ResourceID resource) {
        displaced.remove(resource);
    }
}
