package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the cluster tells by events alone, or not at all, is in the status; and the events are read sparingly. */
@ExtendWith(RealApiServer.class)
class StuckIT {
    private RealApiServer.Running server;
    private Trial trial;

    @BeforeEach
    void daemonSetIsMade(RealApiServer.Running server) throws Exception {
        this.server = server;
        trial = new Trial(server).operate();
        trial.token("t");
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
    }

    @AfterEach
    void end() {
        trial.close();
    }

    @Test
    void daemonSetThatMayMakeNoPodsStallsTheTunnelUntilItMakesThem() throws Exception {
        trial.failedCreate(
                "pods \"gpu-nodes-tunnel-agent-x2b4k\" is forbidden: violates PodSecurity \"baseline:latest\"");
        trial.rolledOut(1, 0);
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True PodsForbidden"));
        assertThat(trial.condition("Ready").getMessage())
                .contains("pods \"gpu-nodes-tunnel-agent-…\" is forbidden: violates PodSecurity");
        assertThat(eventReads()).as("first after a while, then every 15 s").isLessThanOrEqualTo(2);

        trial.podRuns("node-1", "127.0.0.1", true);
        trial.rolledOut(1, 1);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True Connected"));
    }

    @Test
    void podWhoseVolumeCannotBeMountedStallsTheTunnel() throws Exception {
        trial.podRuns("node-1", "127.0.0.1", false);
        trial.podSays("node-1", new PodStatusBuilder().withPhase("Pending").build());
        trial.rolledOut(1, 1);
        trial.podWarning("node-1", "FailedMount", "Unable to attach or mount volumes: timed out");
        trial.podWarning(
                "node-1", "FailedMount", "MountVolume.SetUp failed for volume \"v\" : configmap \"c\" not found");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True VolumeNotMounted"));
        assertThat(trial.row("node-1").message()).contains("configmap \"c\" not found");
    }

    @Test
    void eventsAreNotReadWhereNothingIsStuck() throws Exception {
        trial.podRuns("node-1", "127.0.0.1", true);
        trial.rolledOut(1, 1);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True Connected"));
        trial.settled();
        assertThat(eventReads()).isZero();
    }

    @Test
    void tunnelThatAFinalizerHoldsInDeletionSaysSo() throws Exception {
        trial.podRuns("node-1", "127.0.0.1", true);
        trial.rolledOut(1, 1);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True Connected"));
        trial.finalizers("example.com/holds");
        trial.delete();
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False Terminating"));
        assertThat(trial.condition("Ready").getMessage()).contains("example.com/holds");

        trial.daemonSetResource().delete();
        Eventually.holds(() -> assertThat(trial.tunnel().getStatus().summary()).isEqualTo("0/0 connected"));
        assertThat(trial.daemonSet()).as("made anew").isNull();
        trial.finalizers();
        Eventually.holds(() -> assertThat(trial.tunnel()).isNull());
    }

    private long eventReads() {
        server.awaitAudit();
        return trial.operator().asked(server).stream()
                .filter(request -> request.permission().equals("list /events"))
                .count();
    }
}
