package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.StatusExpectation.condition;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The second operator continues the work of the leader, and never works beside it. */
@ExtendWith(TestCluster.Resolver.class)
class FailoverE2E {
    private final TestCluster cluster;

    FailoverE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** The spec changes right after the kill, so that only the other operator can have seen it. */
    @Test
    void theOtherOperatorLeadsWithin20SecondsAfterTheLeaderIsKilledInARollout() {
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("leader-killed", cluster.sidecarSpecOnEveryNode())) {
            wolfTunnel.awaitReady();
            String daemonSet = wolfTunnel.daemonSet().getMetadata().getUid();
            wolfTunnel.applySpec(cluster.sidecarSpecOnEveryNode() + "agent: {logLevel: debug}\n");
            wolfTunnel.expectStatusEventually(condition("Ready", "False", "RollingOut"));

            String leader = cluster.leaderPod();
            wolfTunnel.startClock();
            Command.kubectl(
                    "", "-n", TestCluster.OPERATOR_NAMESPACE, "delete", "pod", leader, "--force", "--grace-period=0");
            wolfTunnel.applySpec(cluster.sidecarSpecOnEveryNode() + "agent: {logLevel: warn}\n");
            wolfTunnel.expectStatusWithin(20, new StatusExpectation("observedGeneration 3", seen -> Long.valueOf(3)
                    .equals(seen.observedGeneration())));
            wolfTunnel.expectConnected();

            assertThat(cluster.leaderPod()).isNotEqualTo(leader);
            assertThat(wolfTunnel.daemonSet().getMetadata().getUid()).isEqualTo(daemonSet);
            assertThat(wolfTunnel.daemonSet().getMetadata().getGeneration()).isEqualTo(3);
            assertThat(wolfTunnel.daemonSets()).hasSize(1);
            assertThat(wolfTunnel.status().summary()).isEqualTo("2/2 connected");
        }
        cluster.awaitRollout(TestCluster.OPERATOR_NAMESPACE, "deployment/" + TestCluster.OPERATOR);
    }

    @Test
    void aRestartOfTheOperatorChangesNoAgentAndNoStatus() {
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("operator-restart", cluster.sidecarSpecOnEveryNode())) {
            wolfTunnel.awaitReady();
            wolfTunnel.expectConnected(condition("WolfReachable", "True", "Reachable"));
            List<String> agents = wolfTunnel.podInstances();
            String version = wolfTunnel.resourceVersion();
            long generation = wolfTunnel.daemonSet().getMetadata().getGeneration();
            List<String> before =
                    cluster.operatorPods().stream().map(FailoverE2E::name).toList();

            Command.kubectl(
                    "",
                    "-n",
                    TestCluster.OPERATOR_NAMESPACE,
                    "rollout",
                    "restart",
                    "deployment/" + TestCluster.OPERATOR);
            cluster.awaitRollout(TestCluster.OPERATOR_NAMESPACE, "deployment/" + TestCluster.OPERATOR);
            cluster.awaitOtherLeader(before);
            // A WolfTunnel that becomes Ready now shows that the new leader works.
            try (AppliedWolfTunnel other = cluster.applyWolfTunnel("after-restart", cluster.sidecarSpec())) {
                other.awaitReady();
            }

            assertThat(wolfTunnel.resourceVersion()).isEqualTo(version);
            assertThat(wolfTunnel.daemonSet().getMetadata().getGeneration()).isEqualTo(generation);
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        }
    }

    private static String name(Pod pod) {
        return pod.getMetadata().getName();
    }
}
