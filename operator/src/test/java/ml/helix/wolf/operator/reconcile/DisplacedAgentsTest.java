package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.AgentPods;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.RunnerIdConflict;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DisplacedAgentsTest {
    private static final ResourceID RESOURCE = new ResourceID("gpu-nodes", "wolf");

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private final DisplacedAgents agents = new DisplacedAgents(now::get);

    @Test
    void displacedAgentHasAConflictUntilItsConnectionHasStoodForTwoMinutes() {
        assertThat(isDisplaced("Disconnected", 1)).isTrue();
        pass(45);
        assertThat(isDisplaced("Connected", 2)).isTrue();
        pass(45);
        assertThat(isDisplaced("Disconnected", 2)).isTrue();
        pass(45);
        assertThat(isDisplaced("Connected", 3)).isTrue();
        pass(119);
        assertThat(isDisplaced("Connected", 3)).isTrue();
        pass(1);
        assertThat(isDisplaced("Connected", 3)).isFalse();
    }

    @Test
    void operatorThatHasJustStartedIgnoresAnOldDisplacement() {
        assertThat(isDisplaced("Connected", 2)).isFalse();
    }

    @Test
    void operatorThatHasJustStartedKeepsWhatTheLastStatusSays() {
        var tunnel = new TunnelStatus(
                "node-1", "pod-1", "w", "Disconnected", "Displaced", "m", "2026-01-01T00:00:00Z", 1L, "1", null);
        var displaced = new WolfTunnelStatus(1L, 1, 1, 0, "0/1 connected", null, null, List.of(), List.of(tunnel), 0);
        assertThat(isDisplaced("Connected", 2, displaced)).isTrue();
        pass(120);
        assertThat(isDisplaced("Connected", 2, displaced)).isFalse();
    }

    private boolean isDisplaced(String state, long connects) {
        return isDisplaced(state, connects, null);
    }

    private boolean isDisplaced(String state, long connects, @Nullable WolfTunnelStatus last) {
        var report = new AgentReport(
                state,
                "",
                "w",
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.of(connects),
                Optional.of(new AgentReport.Failure("Displaced", "replaced")),
                "1",
                Optional.empty(),
                List.of());
        var pod = AgentPods.on("1");
        return agents.mark(
                        RESOURCE,
                        List.of(new ObservedAgent(pod, new AgentAnswer.Reported(report), Optional.empty())),
                        last)
                .getFirst()
                .conflict()
                .equals(Optional.of(new RunnerIdConflict.WithUnknownAgent()));
    }

    private void pass(long seconds) {
        now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
