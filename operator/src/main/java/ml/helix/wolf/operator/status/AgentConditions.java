package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.UndatedCondition.isFalse;
import static ml.helix.wolf.operator.status.UndatedCondition.isTrue;
import static ml.helix.wolf.operator.status.UndatedCondition.isUnknown;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.Rollout;

/** The conditions about the agents: whether they run, reach the control plane, are authenticated, and reach Wolf. */
final class AgentConditions {
    private static final Set<Reason> TOKEN_REJECTED = Set.of(Reason.Unauthorized, Reason.Forbidden);
    private static final Set<Reason> DISPLACED = Set.of(Reason.DuplicateRunnerId, Reason.Displaced);

    private final List<Verdict> verdicts;
    private final int desired;
    private final Optional<Rollout> rollout;

    /** @param verdicts the most urgent first */
    AgentConditions(List<Verdict> verdicts, int desired, Optional<Rollout> rollout) {
        this.verdicts = verdicts;
        this.desired = desired;
        this.rollout = rollout;
    }

    List<UndatedCondition> conditions() {
        return List.of(agentsAvailable(), controlPlaneReachable(), authenticated(), wolfReachable());
    }

    private UndatedCondition agentsAvailable() {
        var type = ConditionType.AgentsAvailable;
        if (rollout.filter(Rollout::current).isEmpty()) {
            return isUnknown(type, "the cluster has not counted the agents' pods yet");
        }
        long available = verdicts.stream().filter(Verdict::available).count();
        var count = "%d of %d agents run".formatted(available, desired);
        var problem =
                first(verdict -> verdict.available() ? Optional.empty() : Optional.of(verdict.causeOrConnecting()));
        if (problem.isPresent()) {
            var cause = problem.get();
            return isFalse(type, cause.withMessage(count + "; " + cause.message()));
        }
        if (available < desired) {
            return isFalse(
                    type, Reason.PodMissing, count + "; the other nodes have no pod: see kubectl describe daemonset");
        }
        return desired == 0
                ? isTrue(type, Reason.NoMatchingNodes, "no node matches spec.pod")
                : isTrue(type, Reason.AllAvailable, count);
    }

    private UndatedCondition controlPlaneReachable() {
        var type = ConditionType.ControlPlaneReachable;
        return first(AgentConditions::failsToReachControlPlane)
                .map(cause -> isFalse(type, cause))
                .orElseGet(() -> verdicts.stream().anyMatch(verdict -> tokenAccepted(verdict) || tokenRejected(verdict))
                        ? isTrue(type, Reason.Reachable, "the control plane answers every agent that has tried")
                        : isUnknown(type, "no agent has reported yet whether it answers"));
    }

    private static Optional<Cause> failsToReachControlPlane(Verdict verdict) {
        return causes(verdict)
                .filter(cause -> verdict.available()
                        && cause.kind() != Reason.Kind.PROGRESS
                        && !cause.isAnyOf(TOKEN_REJECTED)
                        && !cause.isAnyOf(DISPLACED)
                        && !cause.isOfThePod()
                        && !cause.isAnyOf(Set.of(Reason.StatusUnreachable)))
                .findFirst();
    }

    /** Why tunnels are down: the verdict's cause, and what it leaves out of an agent with several control planes. */
    private static Stream<Cause> causes(Verdict verdict) {
        if (verdict.connected()) {
            return Stream.empty();
        }
        var own = verdict.causeOrConnecting();
        return Stream.concat(
                Stream.of(own),
                verdict.report().stream()
                        .flatMap(report -> ControlPlaneCauses.brief(report).stream())
                        .filter(other -> !other.reason().equals(own.reason())));
    }

    private UndatedCondition authenticated() {
        var type = ConditionType.Authenticated;
        return first(verdict -> causes(verdict)
                        .filter(cause -> cause.isAnyOf(TOKEN_REJECTED))
                        .findFirst())
                .or(() -> first(verdict -> verdict.cause().filter(cause -> cause.isAnyOf(Set.of(Reason.TokenRefused)))))
                .map(cause -> isFalse(type, cause))
                .orElseGet(() -> verdicts.stream().anyMatch(AgentConditions::tokenAccepted)
                        ? isTrue(type, Reason.TokenAccepted, "the control plane accepts the token")
                        : isUnknown(type, "no agent has reported yet whether the control plane accepts the token"));
    }

    private UndatedCondition wolfReachable() {
        var type = ConditionType.WolfReachable;
        return firstOfWolf(Reason.WolfUnreachable)
                .or(() -> firstOfWolf(Reason.WolfUnhealthy))
                .map(cause -> isFalse(type, cause))
                .orElseGet(() -> verdicts.stream()
                                .flatMap(verdict -> verdict.report().stream())
                                .anyMatch(report -> report.wolfReachable().isPresent())
                        ? isTrue(type, Reason.Reachable, "every agent that has checked reaches its Wolf")
                        : isUnknown(type, "no agent has checked its Wolf yet"));
    }

    private Optional<Cause> firstOfWolf(Reason reason) {
        return verdicts.stream()
                .flatMap(verdict -> verdict.report().flatMap(AgentJudge::wolfProblem).stream()
                        .filter(cause -> cause.isAnyOf(Set.of(reason)))
                        .map(verdict::naming))
                .findFirst();
    }

    private static boolean tokenRejected(Verdict verdict) {
        return causes(verdict).anyMatch(cause -> cause.isAnyOf(TOKEN_REJECTED));
    }

    private static boolean tokenAccepted(Verdict verdict) {
        return verdict.connected()
                || causes(verdict).anyMatch(cause -> cause.isAnyOf(DISPLACED))
                || verdict.report().stream()
                        .flatMap(report -> report.controlPlanes().stream())
                        .anyMatch(AgentReport.ControlPlane::connected);
    }

    private Optional<Cause> first(Function<Verdict, Optional<Cause>> which) {
        return verdicts.stream()
                .flatMap(verdict -> which.apply(verdict).map(verdict::naming).stream())
                .findFirst();
    }
}
