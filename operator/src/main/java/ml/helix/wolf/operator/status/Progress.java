package ml.helix.wolf.operator.status;

import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.Obstacle;

/**
 * The three conditions about the whole, as kstatus reads them: Ready; Reconciling while something is on its way;
 * Stalled while nothing moves until somebody acts. Reconciling and Stalled are never both True.
 */
final class Progress {
    private final Observations observed;
    private final List<Tunnel> tunnels;
    private final int desired;
    private final int connected;

    /** @param tunnels the most urgent first */
    Progress(Observations observed, List<Tunnel> tunnels, int desired, int connected) {
        this.observed = observed;
        this.tunnels = tunnels;
        this.desired = desired;
        this.connected = connected;
    }

    List<Verdict> verdicts() {
        var hindrance = hindrance();
        if (hindrance.isEmpty()) {
            return List.of(ready(), notReconciling(), Verdict.no("Stalled", Reason.NotStalled, "nothing needs a hand"));
        }
        var what = hindrance.get();
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
        var urgent = tunnels.stream().filter(tunnel -> !tunnel.connected()).findFirst();
        boolean someoneMustAct =
                urgent.filter(tunnel -> tunnel.kind() == Reason.Kind.ACTION).isPresent();
        boolean rolling = !rollout.current() || rollout.updated() < rollout.desired();
        if (rolling && !someoneMustAct) {
            return because(
                    Reason.RollingOut,
                    !rollout.current()
                            ? "the cluster has not taken up the agents' DaemonSet yet"
                            : "%d of %d nodes run the present template; %s"
                                    .formatted(rollout.updated(), rollout.desired(), counts));
        }
        if (connected >= desired && !rolling) {
            return Optional.empty();
        }
        return Optional.of(urgent.map(tunnel -> Verdict.no(
                        "",
                        tunnel.reason().orElse(Reason.Connecting.name()),
                        counts + "; " + tunnel.place() + ": " + tunnel.message()))
                .orElseGet(() -> Verdict.no(
                        "", Reason.PodMissing, counts + "; a pod is missing: see kubectl describe daemonset")));
    }

    private static Verdict because(Obstacle obstacle) {
        var reason =
                switch (obstacle) {
                    case Obstacle.RunnerTokenMissing missing -> Reason.RunnerTokenMissing;
                    case Obstacle.CaBundleMissing missing -> Reason.CaBundleMissing;
                    case Obstacle.ApplyRefused refused -> Reason.ApplyRefused;
                };
        return Verdict.no("", reason, obstacle.message());
    }

    private static Optional<Verdict> because(Reason reason, String message) {
        return Optional.of(Verdict.no("", reason, message));
    }
}
