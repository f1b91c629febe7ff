package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.ConditionType.Ready;
import static ml.helix.wolf.operator.status.ConditionType.Reconciling;
import static ml.helix.wolf.operator.status.ConditionType.Stalled;
import static ml.helix.wolf.operator.status.UndatedCondition.isFalse;
import static ml.helix.wolf.operator.status.UndatedCondition.isTrue;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.Obstacle;
import ml.helix.wolf.operator.observed.Rollout;

/**
 * The conditions of the WolfTunnel as a whole, as kstatus reads them: Ready; Reconciling while something is in progress;
 * Stalled while nothing moves until somebody acts. Reconciling and Stalled are never both True.
 */
final class OverallConditions {
    /** Pods in a message. */
    private static final int MAX_NAMED = 5;

    private final Observations observed;
    private final List<Verdict> verdicts;
    private final Counts counts;
    private final String connected;
    private final Optional<Cause> notReady;

    /** @param verdicts the most urgent first */
    OverallConditions(Observations observed, List<Verdict> verdicts, Counts counts) {
        this.observed = observed;
        this.verdicts = verdicts;
        this.counts = counts;
        this.connected = "%d of %d tunnels are connected".formatted(counts.connected(), counts.desired());
        this.notReady = notReady();
    }

    /** Whether it is not Ready, and the cluster, the operator or the agents are about to change that. */
    boolean isInProgress() {
        return notReady.filter(cause -> cause.kind() == Reason.Kind.PROGRESS && !observed.paused())
                .isPresent();
    }

    /** @param overdue whether it has been in progress without a step for longer than the deadline */
    List<UndatedCondition> conditions(boolean overdue) {
        if (notReady.isEmpty()) {
            return List.of(ready(), notReconciling(), notStalled("nobody needs to act"));
        }
        var cause = overdue ? overdue(notReady.get()) : notReady.get();
        var ready = isFalse(Ready, cause);
        return switch (cause.kind()) {
            case ACTION ->
                List.of(
                        ready,
                        isFalse(Reconciling, Reason.Stalled, "somebody has to act: see the condition Stalled"),
                        isTrue(Stalled, cause));
            case PROGRESS ->
                List.of(
                        ready,
                        observed.paused() ? notReconciling() : isTrue(Reconciling, cause),
                        notStalled("nobody needs to act yet: see the condition Ready"));
            case RETRYING, FINE ->
                List.of(ready, notReconciling(), notStalled("the agents keep trying and recover by themselves"));
        };
    }

    private static Cause overdue(Cause cause) {
        return new Cause(
                Reason.ProgressDeadlineExceeded,
                "no progress for %d minutes; %s: %s"
                        .formatted(ProgressDeadline.DEADLINE.toMinutes(), cause.reason(), cause.message()));
    }

    private UndatedCondition ready() {
        return counts.desired() == 0
                ? isTrue(Ready, Reason.NoMatchingNodes, "no node matches spec.pod, so there is nothing to do")
                : isTrue(Ready, Reason.Connected, "all %d tunnels are connected".formatted(counts.desired()));
    }

    private UndatedCondition notReconciling() {
        return observed.paused()
                ? isFalse(Reconciling, Reason.Paused, "spec.paused is true: the operator changes nothing that runs")
                : isFalse(Reconciling, Reason.UpToDate, "what runs is what the spec says");
    }

    private static UndatedCondition notStalled(String message) {
        return isFalse(Stalled, Reason.NotStalled, message);
    }

    private Optional<Cause> notReady() {
        if (observed.obstacle().isPresent()) {
            return observed.obstacle().map(OverallConditions::cause);
        }
        if (observed.pausedChanges()) {
            return because(Reason.Paused, "spec.paused is true and holds back changes: set it to false to apply them");
        }
        if (observed.rollout().isEmpty()) {
            return because(Reason.RollingOut, "the operator is creating the agents' DaemonSet");
        }
        var rollout = observed.rollout().get();
        if (observed.podsForbidden().isPresent()) {
            return because(
                    Reason.PodsForbidden,
                    "%s; the cluster refuses to create pods: %s"
                            .formatted(connected, observed.podsForbidden().get()));
        }
        var urgent = verdicts.stream().filter(verdict -> !verdict.ready()).findFirst();
        if (urgent.filter(verdict -> verdict.kind() == Reason.Kind.ACTION).isPresent()) {
            return urgent.map(this::cause);
        }
        if (!rollout.current()) {
            return because(Reason.RollingOut, "the cluster has not processed the agents' DaemonSet yet");
        }
        if (rollout.unfinished()) {
            return rollingOut(rollout, urgent);
        }
        if (verdicts.stream().filter(Verdict::ready).count() >= counts.desired()) {
            return Optional.empty();
        }
        return urgent.map(this::cause)
                .or(() -> because(
                        Reason.PodMissing,
                        "%s; %d of %d nodes have no pod: see kubectl describe daemonset"
                                .formatted(connected, counts.desired() - verdicts.size(), counts.desired())));
    }

    private Optional<Cause> rollingOut(Rollout rollout, Optional<Verdict> urgent) {
        var updated = "%d of %d nodes run the present template".formatted(rollout.updated(), rollout.desired());
        var behind = verdicts.stream()
                .filter(verdict ->
                        rollout.isBehind(verdict.pod()) && !verdict.pod().terminating())
                .sorted(Comparator.comparing(Verdict::place))
                .toList();
        if (rollout.onDelete() && (!behind.isEmpty() || urgent.isEmpty())) {
            return because(
                    Reason.PodsAwaitDeletion,
                    updated + "; spec.updateStrategy is OnDelete: "
                            + (behind.isEmpty() ? "delete the other pods" : "delete " + podsOf(behind)));
        }
        var next = urgent.map(verdict -> {
                    var cause = verdict.causeOrConnecting();
                    return "; %s is behind, %s: %s".formatted(verdict.place(), cause.reason(), cause.message());
                })
                .or(() -> behind.stream().findFirst().map(verdict -> "; %s is next".formatted(verdict.place())))
                .orElse("");
        return because(Reason.RollingOut, updated + "; " + connected + next);
    }

    private static String podsOf(List<Verdict> verdicts) {
        var named = verdicts.stream()
                .limit(MAX_NAMED)
                .map(verdict -> "%s (on %s)".formatted(verdict.pod().name(), verdict.place()))
                .collect(Collectors.joining(", "));
        int others = verdicts.size() - MAX_NAMED;
        return (verdicts.size() == 1 ? "pod " : "pods ") + named + (others > 0 ? " and " + others + " more" : "");
    }

    /** The verdict's cause, and how many other nodes have the same reason. */
    private Cause cause(Verdict urgent) {
        var cause = urgent.causeOrConnecting();
        long alike = verdicts.stream()
                .filter(other ->
                        !other.ready() && other.causeOrConnecting().reason().equals(cause.reason()))
                .count();
        var others = alike > 1 ? " (and %d more with %s)".formatted(alike - 1, cause.reason()) : "";
        return cause.withMessage(connected + "; " + urgent.place() + ": " + cause.message() + others);
    }

    private static Cause cause(Obstacle obstacle) {
        var reason =
                switch (obstacle) {
                    case Obstacle.RunnerTokenMissing missing -> Reason.RunnerTokenMissing;
                    case Obstacle.RunnerTokenInvalid invalid -> Reason.RunnerTokenInvalid;
                    case Obstacle.CaBundleMissing missing -> Reason.CaBundleMissing;
                    case Obstacle.CaBundleInvalid invalid -> Reason.CaBundleInvalid;
                    case Obstacle.ApplyRefused refused -> Reason.ApplyRefused;
                    case Obstacle.Terminating terminating -> Reason.Terminating;
                    case Obstacle.NameTaken taken -> Reason.NameTaken;
                    case Obstacle.Contested contested -> Reason.Contested;
                };
        return new Cause(reason, obstacle.message());
    }

    private static Optional<Cause> because(Reason reason, String message) {
        return Optional.of(new Cause(reason, message));
    }
}
