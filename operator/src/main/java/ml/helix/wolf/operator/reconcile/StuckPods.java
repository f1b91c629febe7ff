package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.ObservedAgent.Warning;
import ml.helix.wolf.operator.observed.Rollout;

/**
 * Why a DaemonSet makes no pods, or its pods don't start: the cluster tells that by events alone. They are read, one object's
 * at a time, only while something is stuck: for the first time {@link #GRACE} after it was first seen so, then every
 * {@link #EVERY}; of one tunnel at most {@value #MOST_PODS} pods'.
 *
 * <p>Thread-safe; one tunnel's looks follow one another. A look blocks for its requests.
 */
final class StuckPods {
    static final Duration GRACE = Duration.ofSeconds(8);
    static final Duration EVERY = Duration.ofSeconds(15);
    static final int MOST_PODS = 3;

    private static final Set<String> NOT_STARTED = Set.of("", "ContainerCreating", "PodInitializing");

    private final WarningEvents events;
    private final LongSupplier nanoTime;
    private final Map<ResourceID, Map<String, Stuck>> stuck = new ConcurrentHashMap<>();

    StuckPods(KubernetesClient client, LongSupplier nanoTime) {
        this.events = new WarningEvents(client);
        this.nanoTime = nanoTime;
    }

    /**
     * @param podsForbidden why the DaemonSet's controller can make no pods
     * @param warnings about pods that don't start, by uid
     */
    record Look(Optional<String> podsForbidden, Map<String, Warning> warnings) {}

    /**
     * @param nextAsk when its events are read next, in nanoseconds
     * @param warning what they said last
     */
    private record Stuck(long nextAsk, Optional<Warning> warning) {}

    /** Keeps what is still stuck and reads the events of what has been for long enough. */
    Look look(ResourceID tunnel, Optional<DaemonSet> daemonSet, Collection<AgentPod> pods) {
        var before = stuck.getOrDefault(tunnel, Map.of());
        var now = new HashMap<String, Stuck>();
        Optional<Warning> forbidden = Optional.empty();
        if (daemonSet.filter(present -> lacksPods(present, pods)).isPresent()) {
            var present = daemonSet.get();
            forbidden = asked(present.getMetadata().getUid(), before, now, () -> events.ofCreation(present));
        }
        var warnings = new HashMap<String, Warning>();
        for (var pod : starting(pods)) {
            asked(
                            pod.uid(),
                            before,
                            now,
                            () -> events.ofPod(tunnel.getNamespace().orElse(""), pod.uid()))
                    .ifPresent(warning -> warnings.put(pod.uid(), warning));
        }
        if (now.isEmpty()) {
            stuck.remove(tunnel);
        } else {
            stuck.put(tunnel, now);
        }
        return new Look(forbidden.map(Warning::message), warnings);
    }

    void forget(ResourceID tunnel) {
        stuck.remove(tunnel);
    }

    private Optional<Warning> asked(
            String uid, Map<String, Stuck> before, Map<String, Stuck> now, Supplier<Optional<Warning>> question) {
        long time = nanoTime.getAsLong();
        var known = before.getOrDefault(uid, new Stuck(time + GRACE.toNanos(), Optional.empty()));
        if (known.nextAsk() - time <= 0) {
            known = new Stuck(time + EVERY.toNanos(), calm(known.warning(), question.get()));
        }
        now.put(uid, known);
        return known.warning();
    }

    /** Attempts differ in counts, and mean the same. */
    private static Optional<Warning> calm(Optional<Warning> before, Optional<Warning> now) {
        return before.map(StuckPods::withoutNumbers).equals(now.map(StuckPods::withoutNumbers)) ? before : now;
    }

    private static String withoutNumbers(Warning warning) {
        return warning.reason() + " " + warning.message().replaceAll("\\d+", "#");
    }

    /** Also where a rollout that makes the new pod before it deletes the old one does not get on. */
    private static boolean lacksPods(DaemonSet daemonSet, Collection<AgentPod> pods) {
        var rollout = Rollout.of(daemonSet);
        long present = pods.stream().filter(pod -> !pod.terminating()).count();
        return rollout.current() && (present < rollout.desired() || (rollout.unfinished() && surges(daemonSet)));
    }

    private static boolean surges(DaemonSet daemonSet) {
        return Optional.ofNullable(daemonSet.getSpec().getUpdateStrategy())
                .map(strategy -> strategy.getRollingUpdate())
                .map(rolling -> rolling.getMaxSurge())
                .filter(surge -> !surge.toString().matches("0%?"))
                .isPresent();
    }

    private static List<AgentPod> starting(Collection<AgentPod> pods) {
        return pods.stream()
                .filter(pod -> !pod.terminating() && pod.unschedulable().isEmpty() && !pod.nodeLost())
                .filter(pod -> pod.agent().filter(StuckPods::hasStarted).isEmpty())
                .sorted(Comparator.comparing(AgentPod::created).thenComparing(AgentPod::name))
                .limit(MOST_PODS)
                .toList();
    }

    private static boolean hasStarted(ContainerState agent) {
        return agent.running() || agent.termination().isPresent() || !NOT_STARTED.contains(agent.waiting());
    }
}
