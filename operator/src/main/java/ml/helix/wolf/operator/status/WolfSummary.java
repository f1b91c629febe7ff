package ml.helix.wolf.operator.status;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.ObservedAgent;

/** The column WOLF, for example {@code 3/4 reachable, 1 unhealthy}. */
final class WolfSummary {
    private WolfSummary() {}

    /** Empty before any agent has checked. Until every agent has answered a new operator, the last status' text stays. */
    static Optional<String> of(List<ObservedAgent> agents, LastStatus last, List<Verdict> verdicts, int desired) {
        return last.status()
                .filter(status -> agents.stream().anyMatch(WolfSummary::isUnanswered))
                .filter(status -> Integer.valueOf(desired).equals(status.desired()))
                .map(WolfTunnelStatus::wolf)
                .or(() -> counted(verdicts, desired));
    }

    private static boolean isUnanswered(ObservedAgent agent) {
        return agent.answer() instanceof AgentAnswer.None
                && agent.pod().agent().filter(ContainerState::running).isPresent();
    }

    private static Optional<String> counted(List<Verdict> verdicts, int desired) {
        long reachable = count(verdicts, AgentReport::wolfReachable, true);
        long unhealthy = count(verdicts, AgentReport::wolfHealthy, false);
        return reachable + count(verdicts, AgentReport::wolfReachable, false) == 0
                ? Optional.empty()
                : Optional.of(Math.min(reachable, desired) + "/" + desired + " reachable"
                        + (unhealthy == 0 ? "" : ", " + unhealthy + " unhealthy"));
    }

    private static long count(
            List<Verdict> verdicts, Function<AgentReport, Optional<Boolean>> question, boolean answer) {
        return verdicts.stream()
                .filter(verdict -> verdict.report().flatMap(question).equals(Optional.of(answer)))
                .count();
    }
}
