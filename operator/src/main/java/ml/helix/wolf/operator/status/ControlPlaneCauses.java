package ml.helix.wolf.operator.status;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.operator.observed.AgentReport;

/** Why an agent with several control planes is not connected to some of them. */
final class ControlPlaneCauses {
    private ControlPlaneCauses() {}

    /** The most urgent, and which other control planes are down and which are up. Empty if all are up. */
    static Optional<Cause> mostUrgent(AgentReport report) {
        return down(report).min(Comparator.comparing(row -> cause(row).kind())).map(urgent -> cause(urgent)
                .withMessage(urgent.url() + ": " + cause(urgent).message()
                        + listed(
                                "; also not connected: ",
                                down(report)
                                        .filter(row -> row != urgent)
                                        .map(row ->
                                                row.url() + " (" + cause(row).reason() + ")"))
                        + listed(
                                "; connected: ",
                                report.controlPlanes().stream()
                                        .filter(AgentReport.ControlPlane::connected)
                                        .map(AgentReport.ControlPlane::url))));
    }

    /**
     * One for each control plane that is down. The messages have no text of the agent, which changes with each attempt: that of
     * the most urgent is in the verdict.
     */
    static List<Cause> brief(AgentReport report) {
        return down(report)
                .map(row -> cause(row).withMessage(row.url() + " is not connected"))
                .toList();
    }

    private static Stream<AgentReport.ControlPlane> down(AgentReport report) {
        return report.controlPlanes().stream().filter(row -> !row.connected());
    }

    private static Cause cause(AgentReport.ControlPlane row) {
        return row.lastError()
                .filter(error -> row.state().equals(AgentReport.State.Disconnected.name()))
                .map(error -> new Cause(error.reason(), error.message()))
                .orElseGet(() -> new Cause(Reason.Connecting, "the agent is connecting for the first time"));
    }

    private static String listed(String before, Stream<String> urls) {
        var text = urls.collect(Collectors.joining(", "));
        return text.isEmpty() ? "" : before + text;
    }
}
