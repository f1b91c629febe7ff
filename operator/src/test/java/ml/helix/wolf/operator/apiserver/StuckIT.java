package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The status has what only the cluster's events say, and the events are read sparingly. */
@ExtendWith(RealApiServer.class)
class StuckIT {
    private RealApiServer.Running server;
    private Testbed testbed;

    @BeforeEach
    void daemonSetIsMade(RealApiServer.Running server) throws Exception {
        this.server = server;
        testbed = new Testbed(server).operate();
        testbed.token("t");
        testbed.apply("{}");
        testbed.awaitDaemonSet();
    }

    @AfterEach
    void tearDown() {
        testbed.close();
    }

    @Test
    void daemonSetThatMayMakeNoPodsStallsTheWolfTunnelUntilItMakesThem() throws Exception {
        testbed.failedCreate(
                "pods \"gpu-nodes-tunnel-agent-x2b4k\" is forbidden: violates PodSecurity \"baseline:latest\"");
        testbed.rolledOut(1, 0);
        testbed.awaitCondition("Stalled", "True PodsForbidden");
        assertThat(testbed.condition("Ready").getMessage())
                .contains("pods \"gpu-nodes-tunnel-agent-…\" is forbidden: violates PodSecurity");
        assertThat(eventReads()).as("first after a while, then every 15 s").isLessThanOrEqualTo(2);

        testbed.podRuns("node-1", "127.0.0.1", true);
        testbed.rolledOut(1, 1);
        testbed.awaitCondition("Ready", "True Connected");
    }

    @Test
    void podWhoseVolumeCannotBeMountedStallsTheWolfTunnel() throws Exception {
        testbed.podRuns("node-1", "127.0.0.1", false);
        testbed.podSays("node-1", new PodStatusBuilder().withPhase("Pending").build());
        testbed.rolledOut(1, 1);
        testbed.podWarning("node-1", "FailedMount", "Unable to attach or mount volumes: timed out");
        testbed.podWarning(
                "node-1", "FailedMount", "MountVolume.SetUp failed for volume \"v\" : configmap \"c\" not found");
        testbed.awaitCondition("Stalled", "True VolumeNotMounted");
        assertThat(testbed.tunnel("node-1").message()).contains("configmap \"c\" not found");
    }

    @Test
    void eventsAreNotReadIfNothingIsStuck() throws Exception {
        testbed.podRuns("node-1", "127.0.0.1", true);
        testbed.rolledOut(1, 1);
        testbed.awaitCondition("Ready", "True Connected");
        testbed.awaitIdle();
        assertThat(eventReads()).isZero();
    }

    @Test
    void deletedWolfTunnelThatWaitsForAFinalizerSaysSo() throws Exception {
        testbed.podRuns("node-1", "127.0.0.1", true);
        testbed.rolledOut(1, 1);
        testbed.awaitCondition("Ready", "True Connected");
        testbed.finalizers("example.com/holds");
        testbed.delete();
        testbed.awaitCondition("Ready", "False Terminating");
        assertThat(testbed.condition("Ready").getMessage()).contains("example.com/holds");

        testbed.daemonSetResource().delete();
        Eventually.holds(
                () -> assertThat(testbed.resource().getStatus().summary()).isEqualTo("0/0 connected"));
        assertThat(testbed.daemonSet()).as("not made again").isNull();
        testbed.finalizers();
        Eventually.holds(() -> assertThat(testbed.resource()).isNull());
    }

    private long eventReads() {
        server.awaitAudit();
        return testbed.operator().requests(server).stream()
                .filter(request -> request.permission().equals("list /events"))
                .count();
    }
}
