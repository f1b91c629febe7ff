package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.Obstacle;
import ml.helix.wolf.operator.observed.Rollout;

/**
 * The three conditions about the whole, as kstatus reads them: Ready; Reconciling while something is on its way;
 * Stalled while nothing moves until somebody acts. Reconciling and Stalled are never both True.
 */
final class Progress {
    /** Pods in a message. */
    private static final int MOST_NAMED = 5;

    private final Observations observed;
    private final List<Tunnel> tunnels;
    private final int desired;
    private final int connected;
    private final Optional<Verdict> hindrance;

    /** @param tunnels the most urgent first */
    Progress(Observations observed, List<Tunnel> tunnels, int desired, int connected) {
        this.observed = observed;
        this.tunnels = tunnels;
        this.desired = desired;
        this.connected = connected;
        this.hindrance = hindrance();
    }

    /** Whether it is not Ready, and the cluster, the operator or the agents are about to change that. */
    boolean isOnItsWay() {
        return hindrance
                .filter(what -> Reason.kind(what.reason()) == Reason.Kind.PROGRESS && !observed.paused())
                .isPresent();
    }

    /** @param stuckSince when it took its last step, where that is longer ago than the deadline */
    List<Verdict> verdicts(Optional<Instant> stuckSince) {
        if (hindrance.isEmpty()) {
            return List.of(ready(), notReconciling(), Verdict.no("Stalled", Reason.NotStalled, "nothing needs a hand"));
        }
        var what = stuckSince.map(since -> overdue(hindrance.get())).orElseGet(hindrance::get);
        var ready = Verdict.no("Ready", what.reason(), what.message());
        return switch (Reason.kind(what.reason())) {
            case ACTION ->
                List.of(
                        ready,
                        Verdict.no("Reconciling", Reason.Stalled, "waits for somebody to act, see Stalled"),
                        new Verdict("Stalled", "True", what.reason(), what.message()));
            case PROGRESS ->
                List.of(
                        ready,
                        observed.paused()
                                ? notReconciling()
                                : new Verdict("Reconciling", "True", what.reason(), what.message()),
                        Verdict.no("Stalled", Reason.NotStalled, "it is on its way"));
            case RETRYING, FINE ->
                List.of(
                        ready,
                        notReconciling(),
                        Verdict.no("Stalled", Reason.NotStalled, "the agents keep trying and recover by themselves"));
        };
    }

    private static Verdict overdue(Verdict hindrance) {
        return Verdict.no(
                "",
                Reason.ProgressDeadlineExceeded,
                "no step for %d minutes; %s: %s"
                        .formatted(Steps.DEADLINE.toMinutes(), hindrance.reason(), hindrance.message()));
    }

    private Verdict ready() {
        return desired == 0
                ? Verdict.yes("Ready", Reason.NoMatchingNodes, "no node matches spec.pod, so there is nothing to do")
                : Verdict.yes("Ready", Reason.Connected, "all %d tunnels are connected".formatted(desired));
    }

    private Verdict notReconciling() {
        return observed.paused()
                ? Verdict.no("Reconciling", Reason.Paused, "spec.paused is true: nothing of what runs is changed")
                : Verdict.no("Reconciling", Reason.UpToDate, "what runs is what the spec says");
    }

    /** What keeps it from being Ready. */
    private Optional<Verdict> hindrance() {
        if (observed.obstacle().isPresent()) {
            return Optional.of(because(observed.obstacle().get()));
        }
        if (observed.pausedChanges()) {
            return because(Reason.Paused, "spec.paused is true, and changes of the spec wait for it to be false");
        }
        if (observed.rollout().isEmpty()) {
            return because(Reason.RollingOut, "the agents' DaemonSet is being made");
        }
        var rollout = observed.rollout().get();
        var counts = "%d of %d tunnels are connected".formatted(connected, desired);
        if (observed.podsForbidden().isPresent()) {
            return because(
                    Reason.PodsForbidden,
                    "%s; the cluster refuses to make pods: %s"
                            .formatted(counts, observed.podsForbidden().get()));
        }
        var urgent = tunnels.stream().filter(tunnel -> !tunnel.sound()).findFirst();
        if (urgent.filter(tunnel -> tunnel.kind() == Reason.Kind.ACTION).isPresent()) {
            return Optional.of(because(counts, urgent.get()));
        }
        if (!rollout.current()) {
            return because(Reason.RollingOut, "the cluster has not taken up the agents' DaemonSet yet");
        }
        if (rollout.unfinished()) {
            return rollingOut(rollout, urgent, counts);
        }
        long sound = tunnels.stream().filter(Tunnel::sound).count();
        if (sound >= desired) {
            return Optional.empty();
        }
        return Optional.of(urgent.map(tunnel -> because(counts, tunnel))
                .orElseGet(() -> Verdict.no(
                        "",
                        Reason.PodMissing,
                        "%s; %d of %d nodes have no pod: see kubectl describe daemonset"
                                .formatted(counts, desired - tunnels.size(), desired))));
    }

    private Optional<Verdict> rollingOut(Rollout rollout, Optional<Tunnel> urgent, String counts) {
        var progress = "%d of %d nodes run the present template".formatted(rollout.updated(), rollout.desired());
        var behind = tunnels.stream()
                .filter(tunnel ->
                        rollout.isBehind(tunnel.pod()) && !tunnel.pod().terminating())
                .sorted(Comparator.comparing(Tunnel::place))
                .toList();
        if (rollout.onDelete() && (!behind.isEmpty() || urgent.isEmpty())) {
            return because(
                    Reason.PodsAwaitDeletion,
                    progress + "; spec.updateStrategy is OnDelete: "
                            + (behind.isEmpty() ? "delete the other pods" : "delete " + podsOf(behind)));
        }
        var why = urgent.map(tunnel -> "; %s is behind, %s: %s"
                        .formatted(tunnel.place(), tunnel.reason().orElse(Reason.Connecting.name()), tunnel.message()))
                .or(() -> behind.stream().findFirst().map(tunnel -> "; %s is next".formatted(tunnel.place())))
                .orElse("");
        return because(Reason.RollingOut, progress + "; " + counts + why);
    }

    private static String podsOf(List<Tunnel> tunnels) {
        var named = tunnels.stream()
                .limit(MOST_NAMED)
                .map(tunnel -> "%s (on %s)".formatted(tunnel.pod().name(), tunnel.place()))
                .collect(Collectors.joining(", "));
        int others = tunnels.size() - MOST_NAMED;
        return (tunnels.size() == 1 ? "pod " : "pods ") + named + (others > 0 ? " and " + others + " more" : "");
    }

    /** The most urgent tunnel's reason, and how many nodes share it. */
    private Verdict because(String counts, Tunnel tunnel) {
        var reason = tunnel.reason().orElse(Reason.Connecting.name());
        long alike = tunnels.stream()
                .filter(other -> !other.sound() && other.reason().equals(tunnel.reason()))
                .count();
        var others = alike > 1 ? " (and %d more with %s)".formatted(alike - 1, reason) : "";
        return Verdict.no("", reason, counts + "; " + tunnel.place() + ": " + tunnel.message() + others);
    }

    private static Verdict because(Obstacle obstacle) {
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
        return Verdict.no("", reason, obstacle.message());
    }

    private static Optional<Verdict> because(Reason reason, String message) {
        return Optional.of(Verdict.no("", reason, message));
    }
}
