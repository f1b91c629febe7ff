package ml.helix.wolf.operator.status;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.Rollout;

/** The four conditions about agents: do they run, reach the control plane, get in, reach Wolf. */
final class AgentConditions {
    private static final Set<String> NOT_LET_IN = Set.of(Reason.Unauthorized.name(), Reason.Forbidden.name());
    private static final Set<String> DISPLACED = Set.of(Reason.DuplicateRunnerId.name(), Reason.Displaced.name());

    private final List<Tunnel> tunnels;
    private final int desired;
    private final Optional<Rollout> rollout;

    /** @param tunnels the most urgent first */
    AgentConditions(List<Tunnel> tunnels, int desired, Optional<Rollout> rollout) {
        this.tunnels = tunnels;
        this.desired = desired;
        this.rollout = rollout;
    }

    List<Verdict> verdicts() {
        return List.of(available(), controlPlane(), authenticated(), wolf());
    }

    private Verdict available() {
        var type = "AgentsAvailable";
        if (rollout.filter(Rollout::current).isEmpty()) {
            return Verdict.unknown(
                    type, Reason.NotKnown.name(), "the cluster has no numbers of the agents' DaemonSet yet");
        }
        long available = tunnels.stream().filter(Tunnel::available).count();
        var count = "%d of %d agents run".formatted(available, desired);
        var trouble = first(tunnel -> !tunnel.available());
        if (trouble.isPresent()) {
            return Verdict.no(type, reason(trouble.get()), count + "; " + sentence(trouble.get()));
        }
        if (available < desired) {
            return Verdict.no(
                    type, Reason.PodMissing, count + "; no pod was made for the rest: see kubectl describe daemonset");
        }
        return desired == 0
                ? Verdict.yes(type, Reason.NoMatchingNodes, "no node matches spec.pod")
                : Verdict.yes(type, Reason.AllAvailable, count);
    }

    private Verdict controlPlane() {
        var type = "ControlPlaneReachable";
        var trouble = first(tunnel -> tunnel.available()
                && !tunnel.connected()
                && tunnel.kind() != Reason.Kind.PROGRESS
                && !NOT_LET_IN.contains(reason(tunnel))
                && !DISPLACED.contains(reason(tunnel))
                && !Reason.isOfThePod(reason(tunnel))
                && !reason(tunnel).equals(Reason.StatusUnreachable.name()));
        if (trouble.isPresent()) {
            return Verdict.no(type, reason(trouble.get()), sentence(trouble.get()));
        }
        return tunnels.stream().anyMatch(tunnel -> wasLetIn(tunnel) || NOT_LET_IN.contains(reason(tunnel)))
                ? Verdict.yes(type, Reason.Reachable, "it answers every agent that has asked")
                : Verdict.unknown(type, Reason.NotKnown.name(), "no agent has got through to it or failed to yet");
    }

    private Verdict authenticated() {
        var type = "Authenticated";
        var trouble = first(tunnel -> NOT_LET_IN.contains(reason(tunnel)))
                .or(() -> first(tunnel -> reason(tunnel).equals(Reason.TokenRefused.name())));
        if (trouble.isPresent()) {
            return Verdict.no(type, reason(trouble.get()), sentence(trouble.get()));
        }
        return tunnels.stream().anyMatch(AgentConditions::wasLetIn)
                ? Verdict.yes(type, Reason.TokenAccepted, "the control plane takes the token")
                : Verdict.unknown(type, Reason.NotKnown.name(), "the control plane has not judged the token yet");
    }

    private Verdict wolf() {
        var type = "WolfReachable";
        var unreachable = first(tunnel -> isFalse(tunnel, AgentReport::wolfReachable));
        if (unreachable.isPresent()) {
            return Verdict.no(
                    type,
                    Reason.WolfUnreachable,
                    unreachable.get().place() + ": "
                            + Tunnels.unreachable(unreachable.get().report()));
        }
        var unhealthy = first(tunnel -> isFalse(tunnel, AgentReport::wolfHealthy));
        if (unhealthy.isPresent()) {
            return Verdict.no(
                    type,
                    Reason.WolfUnhealthy,
                    unhealthy.get().place() + ": "
                            + Tunnels.unhealthy(unhealthy.get().report()));
        }
        return tunnels.stream().anyMatch(tunnel -> tunnel.report()
                        .flatMap(AgentReport::wolfReachable)
                        .isPresent())
                ? Verdict.yes(type, Reason.Reachable, "every agent that has looked reaches its Wolf")
                : Verdict.unknown(type, Reason.NotKnown.name(), "no agent has looked for its Wolf yet");
    }

    private static boolean isFalse(Tunnel tunnel, Function<AgentReport, Optional<Boolean>> what) {
        return tunnel.report().flatMap(what).filter(holds -> !holds).isPresent();
    }

    private static boolean wasLetIn(Tunnel tunnel) {
        return tunnel.connected() || DISPLACED.contains(reason(tunnel));
    }

    private Optional<Tunnel> first(Predicate<Tunnel> which) {
        return tunnels.stream().filter(which).findFirst();
    }

    private static String reason(Tunnel tunnel) {
        return tunnel.reason().orElse("");
    }

    private static String sentence(Tunnel tunnel) {
        return tunnel.place() + ": " + tunnel.message();
    }
}
