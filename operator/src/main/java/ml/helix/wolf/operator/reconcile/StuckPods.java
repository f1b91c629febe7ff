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
import org.jspecify.annotations.Nullable;

/**
 * Finds out why a DaemonSet makes no pods, or why its pods don't start: only the cluster's events say that. The events of a
 * DaemonSet or pod are read while it is stuck: first {@link #FIRST_READ_AFTER} after it was seen stuck, then once per
 * {@link #READ_INTERVAL}; per WolfTunnel, those of {@value #MAX_PODS} pods at most.
 *
 * <p>Thread-safe, if diagnoses of one WolfTunnel follow one another. A diagnosis blocks for its requests.
 */
final class StuckPods {
    static final Duration FIRST_READ_AFTER = Duration.ofSeconds(8);
    static final Duration READ_INTERVAL = Duration.ofSeconds(15);
    static final int MAX_PODS = 3;

    private static final Set<String> NOT_STARTED = Set.of("", "ContainerCreating", "PodInitializing");

    private final WarningEvents events;
    private final LongSupplier nanoTime;
    /** By WolfTunnel and the uid of the DaemonSet or pod. */
    private final Map<ResourceID, Map<String, Stuck>> stuck = new ConcurrentHashMap<>();

    /** @param nanoTime a clock that never jumps */
    StuckPods(KubernetesClient client, LongSupplier nanoTime) {
        this.events = new WarningEvents(client);
        this.nanoTime = nanoTime;
    }

    /**
     * What the events say.
     *
     * @param podsForbidden why the DaemonSet's controller can make no pods
     * @param warnings about pods that don't start, by uid
     */
    record Diagnosis(Optional<String> podsForbidden, Map<String, Warning> warnings) {}

    /**
     * A DaemonSet or pod that is stuck.
     *
     * @param nextRead when its events are read next, in nanoseconds
     * @param warning what they said last
     */
    private record Stuck(long nextRead, Optional<Warning> warning) {}

    Diagnosis diagnose(ResourceID resource, Optional<DaemonSet> daemonSet, Collection<AgentPod> pods) {
        var before = stuck.getOrDefault(resource, Map.of());
        var now = new HashMap<String, Stuck>();
        daemonSet
                .filter(present -> lacksPods(present, pods))
                .ifPresent(present -> now.put(
                        present.getMetadata().getUid(),
                        updated(before.get(present.getMetadata().getUid()), () -> events.whyNoPod(present))));
        var podsForbidden = now.values().stream()
                .flatMap(seen -> seen.warning().stream())
                .map(Warning::message)
                .findFirst();
        var namespace = resource.getNamespace().orElse("");
        var warnings = new HashMap<String, Warning>();
        for (var pod : starting(pods)) {
            var seen = updated(before.get(pod.uid()), () -> events.whyNotStarted(namespace, pod.uid()));
            now.put(pod.uid(), seen);
            seen.warning().ifPresent(warning -> warnings.put(pod.uid(), warning));
        }
        if (now.isEmpty()) {
            stuck.remove(resource);
        } else {
            stuck.put(resource, now);
        }
        return new Diagnosis(podsForbidden, warnings);
    }

    void forget(ResourceID resource) {
        stuck.remove(resource);
    }

    private Stuck updated(@Nullable Stuck before, Supplier<Optional<Warning>> read) {
        long time = nanoTime.getAsLong();
        if (before == null) {
            return new Stuck(time + FIRST_READ_AFTER.toNanos(), Optional.empty());
        }
        return before.nextRead() - time > 0
                ? before
                : new Stuck(time + READ_INTERVAL.toNanos(), steady(before.warning(), read.get()));
    }

    /** Keeps the old text if only numbers differ: attempts are counted. */
    private static Optional<Warning> steady(Optional<Warning> before, Optional<Warning> now) {
        return before.map(StuckPods::withoutNumbers).equals(now.map(StuckPods::withoutNumbers)) ? before : now;
    }

    private static String withoutNumbers(Warning warning) {
        return warning.reason() + " " + warning.message().replaceAll("\\d+", "#");
    }

    /** Also if a rollout makes no progress that makes the new pod before it deletes the old one. */
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

    /** The oldest pods that have been scheduled but whose agent has not started. */
    private static List<AgentPod> starting(Collection<AgentPod> pods) {
        return pods.stream()
                .filter(pod -> !pod.terminating() && pod.unschedulable().isEmpty() && !pod.nodeLost())
                .filter(pod -> pod.agent().filter(StuckPods::hasStarted).isEmpty())
                .sorted(Comparator.comparing(AgentPod::created).thenComparing(AgentPod::name))
                .limit(MAX_PODS)
                .toList();
    }

    private static boolean hasStarted(ContainerState agent) {
        return agent.running() || agent.termination().isPresent() || !NOT_STARTED.contains(agent.waiting());
    }
}
