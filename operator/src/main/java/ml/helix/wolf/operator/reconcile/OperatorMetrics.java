package ml.helix.wolf.operator.reconcile;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import ml.helix.wolf.operator.observed.AgentAnswer;

/** What the operator does and what it works on, as metrics for {@code /metrics}. Thread-safe. */
public final class OperatorMetrics {
    private final Counter passes;
    private final Counter applies;
    private final Counter statuses;
    private final Counter polls;
    private final Counter notices;
    private final Gauge leading;
    private final ResourceMetrics resources = new ResourceMetrics();

    public OperatorMetrics(PrometheusRegistry registry) {
        passes = Counter.builder()
                .name("wolf_operator_passes_total")
                .help("Passes over WolfTunnels, by result: done, or failed because of the API server")
                .labelNames("result")
                .register(registry);
        passes.initLabelValues("done");
        passes.initLabelValues("failed");
        applies = Counter.builder()
                .name("wolf_operator_applies_total")
                .help("Comparisons of a DaemonSet or ServiceAccount with what is desired, by whether it was applied")
                .labelNames("written")
                .register(registry);
        statuses = Counter.builder()
                .name("wolf_operator_statuses_total")
                .help("Comparisons of a WolfTunnel's status with the last one, by whether it was written")
                .labelNames("written")
                .register(registry);
        polls = Counter.builder()
                .name("wolf_operator_agent_polls_total")
                .help("Requests to agents for their status, by result")
                .labelNames("result")
                .register(registry);
        notices = Counter.builder()
                .name("wolf_operator_agent_notices_total")
                .help("Agents' notices that something has changed, by whether this replica polls the agent")
                .labelNames("known")
                .register(registry);
        leading = Gauge.builder()
                .name("wolf_operator_leading")
                .help("1 while this replica works, 0 while it stands by")
                .register(registry);
        registry.register(resources);
    }

    /** Of the WolfTunnels that this replica works on. */
    ResourceMetrics resources() {
        return resources;
    }

    void leading(boolean leads) {
        leading.set(leads ? 1 : 0);
    }

    void countPass(boolean done) {
        passes.labelValues(done ? "done" : "failed").inc();
    }

    void countApply(boolean written) {
        applies.labelValues(String.valueOf(written)).inc();
    }

    void countStatus(boolean written) {
        statuses.labelValues(String.valueOf(written)).inc();
    }

    /** Returns {@code known}. */
    boolean countedNotice(boolean known) {
        notices.labelValues(String.valueOf(known)).inc();
        return known;
    }

    void countPoll(AgentAnswer answer) {
        polls.labelValues(answer instanceof AgentAnswer.Reported ? "answered" : "unreachable")
                .inc();
    }
}
