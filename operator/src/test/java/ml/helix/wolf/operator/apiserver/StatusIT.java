package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two nodes whose agents really answer; each test breaks one thing and mends it. */
@ExtendWith(RealApiServer.class)
class StatusIT {
    private static final String IP_1 = "127.0.0.11";
    private static final String IP_2 = "127.0.0.12";

    private Testbed testbed;
    private FakeAgent agent1;
    private FakeAgent agent2;
    private RealApiServer.Running server;

    @BeforeEach
    void twoTunnelsAreUp(RealApiServer.Running running) throws Exception {
        server = running;
        agent1 = new FakeAgent(IP_1, 0).connected("a1");
        agent2 = new FakeAgent(IP_2, agent1.port()).connected("a2");
        testbed = new Testbed(server);
        operate();
        testbed.token("t");
        testbed.apply("{agent: {port: %d}}".formatted(agent1.port()));
        testbed.awaitDaemonSet();
        testbed.podRuns("node-1", IP_1, true);
        testbed.podRuns("node-2", IP_2, true);
        testbed.rolledOut(2, 2);
        recovered();
    }

    @AfterEach
    void tearDown() {
        testbed.close();
        agent1.close();
        agent2.close();
    }

    @Test
    void twoTunnelsAreReported() {
        var status = testbed.resource().getStatus();
        assertThat(status.summary()).isEqualTo("2/2 connected");
        assertThat(status.desired()).isEqualTo(2);
        assertThat(status.updated()).isEqualTo(2);
        assertThat(status.connected()).isEqualTo(2);
        assertThat(status.omittedTunnels()).isZero();
        assertThat(status.tunnels()).hasSize(2).first().satisfies(row -> {
            assertThat(row.node()).isEqualTo("node-1");
            assertThat(row.pod()).isEqualTo("gpu-nodes-tunnel-agent-node-1");
            assertThat(row.wolfId()).isEqualTo("a1");
            assertThat(row.state()).isEqualTo("Connected");
            assertThat(row.since()).isEqualTo("2026-01-01T00:00:00Z");
            assertThat(row.connects()).isEqualTo(1);
            assertThat(row.agentVersion()).isEqualTo("1.2.3");
            assertThat(row.reason()).isNull();
        });
        assertThat(testbed.statusAndReason("AgentsAvailable")).isEqualTo("True AllAvailable");
        assertThat(testbed.statusAndReason("ControlPlaneReachable")).isEqualTo("True Reachable");
        assertThat(testbed.statusAndReason("Authenticated")).isEqualTo("True TokenAccepted");
        assertThat(testbed.statusAndReason("WolfReachable")).isEqualTo("True Reachable");
        assertThat(testbed.statusAndReason("Reconciling")).isEqualTo("False UpToDate");
        assertThat(testbed.statusAndReason("Stalled")).isEqualTo("False NotStalled");
    }

    @Test
    void unchangedAgentsArePolledAndNothingIsWritten() throws Exception {
        var before = testbed.resource().getMetadata().getResourceVersion();
        int polls = agent1.polls();
        agent1.connected("a1");
        Eventually.holds(() -> assertThat(agent1.polls()).isGreaterThan(polls));
        assertThat(testbed.resource().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void refusedTokenStallsTheWolfTunnelUntilTheAgentConnects() throws Exception {
        agent2.failing("Unauthorized", "the control plane answers 401");
        readiness("node-2", IP_2, false);
        testbed.awaitCondition("Ready", "False Unauthorized");
        assertThat(testbed.statusAndReason("Stalled")).isEqualTo("True Unauthorized");
        assertThat(testbed.statusAndReason("Authenticated")).isEqualTo("False Unauthorized");
        assertThat(testbed.statusAndReason("ControlPlaneReachable")).startsWith("True");
        assertThat(testbed.condition("Ready").getMessage())
                .isEqualTo("1 of 2 tunnels are connected; node-2: the control plane answers 401");
        assertThat(testbed.resource().getStatus().summary()).isEqualTo("1/2 connected");
        assertThat(testbed.tunnel("node-2").reason()).isEqualTo("Unauthorized");
        assertThat(testbed.resource().getStatus().tunnels().getFirst().node()).isEqualTo("node-2");

        agent2.connected("a2", 2, true);
        readiness("node-2", IP_2, true);
        recovered();
        assertThat(testbed.tunnel("node-2").connects()).isEqualTo(2);
    }

    /** The agent is ready by its other tunnel. */
    @Test
    void controlPlaneThatIsDownBesideAnotherIsNamed() throws Exception {
        agent1.says("""
                {"state":"Disconnected","since":"2026-01-01T00:00:00Z","wolfId":"a1","wolfReachable":true,"connects":1,
                 "lastError":{"reason":"ConnectFailure","message":"refused","at":"2026-01-01T00:00:00.<n>Z"},
                 "controlPlanes":[{"url":"https://old.example.com","state":"Connected","connects":1,"lastError":null},
                 {"url":"https://new.example.com","state":"Disconnected","connects":0,"lastError":
                 {"reason":"ConnectFailure","message":"refused","at":"2026-01-01T00:00:00.<n>Z"}}],"version":"1.2.3"}""");
        testbed.awaitCondition("ControlPlaneReachable", "False ConnectFailure");
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("False ConnectFailure");
        assertThat(testbed.statusAndReason("Authenticated")).isEqualTo("True TokenAccepted");
        assertThat(testbed.tunnel("node-1").state()).isEqualTo("Disconnected");
        assertThat(testbed.tunnel("node-1").message())
                .isEqualTo("https://new.example.com: refused; connected: https://old.example.com");
        agent1.connected("a1");
        recovered();
    }

    @Test
    void unknownHostNameIsAReasonOfTheControlPlane() throws Exception {
        agent1.failing("DnsFailure", "no address for helix.example.com");
        readiness("node-1", IP_1, false);
        testbed.awaitCondition("ControlPlaneReachable", "False DnsFailure");
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("False DnsFailure");
        assertThat(testbed.statusAndReason("Stalled")).startsWith("False");
        agent1.connected("a1");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void unreachableWolfIsReportedAlthoughTheTunnelIsUp() throws Exception {
        agent1.connected("a1", 1, false);
        testbed.awaitCondition("WolfReachable", "False WolfUnreachable");
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");
        assertThat(testbed.tunnel("node-1").reason()).isEqualTo("WolfUnreachable");
        agent1.connected("a1");
        testbed.awaitCondition("WolfReachable", "True Reachable");
    }

    @Test
    void agentThatCannotBePolledIsJudgedByItsReadinessAlone() throws Exception {
        agent1.close();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("StatusUnreachable"));
        assertThat(testbed.tunnel("node-1").state()).isEqualTo("Connected");
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").message())
                .contains("readiness alone", "the connection is refused"));
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");

        readiness("node-1", IP_1, false);
        testbed.awaitCondition("Ready", "False StatusUnreachable");
        assertThat(testbed.tunnel("node-1").state()).isEqualTo("Disconnected");

        agent1 = new FakeAgent(IP_1, agent1.port()).connected("a1");
        readiness("node-1", IP_1, true);
        recovered();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isNull());
    }

    @Test
    void lostNodeIsReportedOnceItsAgentDoesNotAnswerEither() throws Exception {
        testbed.nodeIsLost("node-1", IP_1);
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(testbed.tunnel("node-1").state()).as("its agent answers").isEqualTo("Connected");
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");
        assertThat(testbed.statusAndReason("AgentsAvailable")).isEqualTo("True AllAvailable");

        agent1.close();
        testbed.awaitCondition("Ready", "False NodeNotReady");
        assertThat(testbed.statusAndReason("AgentsAvailable")).isEqualTo("False NodeNotReady");
        assertThat(testbed.tunnel("node-1").state()).isEqualTo("Unknown");
        agent1 = new FakeAgent(IP_1, agent1.port()).connected("a1");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void operatorThatStartsWhileEveryNodeIsCalledLostTurnsNoTunnelDown() throws Exception {
        testbed.nodeIsLost("node-1", IP_1);
        testbed.nodeIsLost("node-2", IP_2);
        Eventually.holds(() -> assertThat(testbed.resource().getStatus().tunnels())
                .extracting(row -> row.reason())
                .containsOnly("NodeNotReady"));
        int polls = agent2.polls();
        operate();
        Eventually.holds(() -> assertThat(agent2.polls()).isGreaterThan(polls + 1));
        Eventually.holds(() -> assertThat(testbed.passes()).isPositive());
        assertThat(testbed.statusWrites()).isZero();
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");
    }

    @Test
    void duplicateRunnerIdsAreReportedByBothWolfTunnelsUntilOneHasAPrefix() throws Exception {
        var ids = "{agent: {port: %d}, wolfId: {source: NodeName, prefix: '%s'}}";
        try (var other = new Testbed(server)) {
            testbed.operate(testbed.setup().pollingFast().watching(Set.of(testbed.namespace, other.namespace)));
            testbed.apply(ids.formatted(agent1.port(), ""));
            other.token("t");
            other.apply(ids.formatted(agent1.port(), ""));
            other.awaitDaemonSet();
            other.podRuns("node-1", IP_1, true);
            other.rolledOut(1, 1);
            testbed.awaitDaemonSet(2);
            testbed.rolledOut(2, 2);
            testbed.awaitCondition("Ready", "False DuplicateRunnerId");
            other.awaitCondition("Stalled", "True DuplicateRunnerId");
            assertThat(testbed.condition("Ready").getMessage())
                    .contains(other.namespace + "/" + Testbed.NAME, "wolf-node-1", "spec.wolfId.prefix");
            assertThat(testbed.tunnel("node-2").reason()).isNull();
            assertThat(testbed.statusAndReason("ControlPlaneReachable")).isEqualTo("True Reachable");

            other.apply(ids.formatted(agent1.port(), "other-"));
            other.awaitDaemonSet(2);
            other.rolledOut(1, 1);
            other.awaitCondition("Ready", "True Connected");
            recovered();
        }
    }

    @Test
    void agentThatIsDisplacedRepeatedlyHasOneSteadyStatus() throws Exception {
        agent1.displaced("a1", "Disconnected", 1);
        testbed.awaitCondition("Stalled", "True Displaced");
        assertThat(testbed.tunnel("node-1").message())
                .contains("another agent uses the runner id of Wolf a1: set spec.wolfId.prefix");
        testbed.awaitIdle();
        var before = testbed.resource().getMetadata().getResourceVersion();
        for (int connects = 2; connects < 5; connects++) {
            for (var state : List.of("Connected", "Disconnected")) {
                int polls = agent1.polls();
                agent1.displaced("a1", state, connects);
                Eventually.holds(() -> assertThat(agent1.polls()).isGreaterThan(polls + 1));
            }
        }
        testbed.awaitIdle();
        assertThat(testbed.resource().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void imageThatCannotBePulledStallsTheWolfTunnel() throws Exception {
        containerWaits("ImagePullBackOff", "Back-off pulling image \"agent:1\"");
        testbed.awaitCondition("Stalled", "True ImagePullBackOff");
        assertThat(testbed.statusAndReason("AgentsAvailable")).isEqualTo("False ImagePullBackOff");
        assertThat(testbed.tunnel("node-1").message()).contains("container agent has no image agent:1");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void crashLoopStallsTheWolfTunnel() throws Exception {
        containerWaits("CrashLoopBackOff", "back-off 5m0s restarting failed container");
        testbed.awaitCondition("Stalled", "True CrashLoopBackOff");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void unschedulablePodStallsTheWolfTunnel() throws Exception {
        var scheduled = new PodCondition();
        scheduled.setType("PodScheduled");
        scheduled.setStatus("False");
        scheduled.setReason("Unschedulable");
        scheduled.setMessage("0/2 nodes are available: 1 Insufficient cpu");
        testbed.podSays(
                "node-1",
                new PodStatusBuilder()
                        .withPhase("Pending")
                        .withConditions(scheduled)
                        .build());
        testbed.awaitCondition("Stalled", "True Unschedulable");
        assertThat(testbed.tunnel("node-1").message()).contains("Insufficient cpu");
    }

    @Test
    void statusOutlivesTheOperatorAndTheNextOneWritesOnlyChanges() throws Exception {
        int polls = agent2.polls();
        operate();
        Eventually.holds(() -> assertThat(agent2.polls()).isGreaterThan(polls));
        Eventually.holds(() -> assertThat(testbed.passes()).isPositive());
        agent1.connected("a1", 7, true);
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").connects()).isEqualTo(7));
        Eventually.holds(() -> assertThat(testbed.statusWrites()).isEqualTo(1));
    }

    @Test
    void olderAgentWithFewFieldsAndNewerAgentWithMoreAreReported() throws Exception {
        agent1.says("{\"state\":\"Connected\",\"wolfId\":\"a1\"}");
        agent2.says("""
                {"state":"Disconnected","since":"2026-01-01T00:00:00Z","wolfId":"a2","moon":{"phase":1},"connects":"many",
                 "lastError":{"reason":"QuotaExceeded","message":"three tunnels are enough"},"version":"9.0"}""");
        readiness("node-2", IP_2, false);
        testbed.awaitCondition("Ready", "False QuotaExceeded");
        assertThat(testbed.statusAndReason("Stalled")).startsWith("False");
        assertThat(testbed.tunnel("node-2").agentVersion()).isEqualTo("9.0");
        assertThat(testbed.tunnel("node-2").message()).isEqualTo("three tunnels are enough");
        Eventually.holds(
                () -> assertThat(testbed.tunnel("node-1").agentVersion()).isNull());
        assertThat(testbed.tunnel("node-1").state()).isEqualTo("Connected");
        assertThat(testbed.tunnel("node-1").connects()).isNull();
        assertThat(testbed.statusAndReason("WolfReachable")).isEqualTo("Unknown NotKnown");
    }

    @Test
    void newTokenInAFileIsReportedPerNodeWithoutARestart() throws Exception {
        deliveredByFile();
        var daemonSet = testbed.daemonSet().getMetadata().getResourceVersion();
        testbed.token("another");
        agent1.connectedWithToken("a1", "2026-02-02T00:00:00.5Z", false);
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").tokenSince()).isEqualTo("2026-02-02T00:00:00Z"));
        assertThat(testbed.tunnel("node-2").tokenSince()).as("not there yet").isEqualTo("2026-01-01T00:00:00Z");
        agent2.connectedWithToken("a2", "2026-02-02T00:00:09Z", false);
        Eventually.holds(() -> assertThat(testbed.tunnel("node-2").tokenSince()).isEqualTo("2026-02-02T00:00:09Z"));
        assertThat(testbed.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        recovered();
    }

    @Test
    void refusedNewTokenIsReportedWhileTheTunnelKeepsTheOldOne() throws Exception {
        deliveredByFile();
        testbed.token("mistyped");
        agent1.connectedWithToken("a1", "2026-01-01T00:00:00Z", true);
        testbed.awaitCondition("Authenticated", "False TokenRefused");
        assertThat(testbed.tunnel("node-1").reason()).isEqualTo("TokenRefused");
        assertThat(testbed.tunnel("node-1").state()).isEqualTo("Connected");
        assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");
        assertThat(testbed.condition("Authenticated").getMessage())
                .contains("node-1", "the tunnel still uses the old one");
        agent1.connectedWithToken("a1", "2026-02-02T00:00:00Z", false);
        recovered();
        assertThat(testbed.statusAndReason("Authenticated")).isEqualTo("True TokenAccepted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Env", "File"})
    void deletedSecretIsReportedAndLeavesTunnelsUp(String delivery) throws Exception {
        if (delivery.equals("File")) {
            deliveredByFile();
        }
        var daemonSet = testbed.daemonSet().getMetadata().getResourceVersion();
        testbed.admin
                .secrets()
                .inNamespace(testbed.namespace)
                .withName("wolf-token")
                .delete();
        testbed.awaitCondition("Stalled", "True RunnerTokenMissing");
        assertThat(testbed.resource().getStatus().summary()).isEqualTo("2/2 connected");
        assertThat(testbed.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        testbed.token("t");
        if (delivery.equals("File")) {
            recovered();
            assertThat(testbed.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        }
    }

    private void deliveredByFile() throws Exception {
        agent1.connectedWithToken("a1", "2026-01-01T00:00:00Z", false);
        agent2.connectedWithToken("a2", "2026-01-01T00:00:00Z", false);
        testbed.apply("{agent: {port: %d}, runnerToken: {secretRef: {name: wolf-token}, delivery: File}}"
                .formatted(agent1.port()));
        testbed.awaitDaemonSet(2);
        testbed.rolledOut(2, 2);
        recovered();
        Eventually.holds(() -> assertThat(testbed.resource().getStatus().tunnels())
                .extracting(row -> row.tokenSince())
                .containsOnly("2026-01-01T00:00:00Z"));
    }

    @Test
    void podsOfOthersWithTheSameLabelsAreNotPolled() throws Exception {
        var stranger = testbed.admin
                .pods()
                .inNamespace(testbed.namespace)
                .withName("gpu-nodes-tunnel-agent-node-1")
                .get();
        stranger.getMetadata().setName("stranger");
        stranger.getMetadata().setUid(null);
        stranger.getMetadata().setResourceVersion(null);
        stranger.getMetadata().setOwnerReferences(null);
        testbed.admin.resource(stranger).create();
        agent1.connected("a1", 5, true);
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").connects()).isEqualTo(5));
        assertThat(testbed.resource().getStatus().tunnels()).hasSize(2);
    }

    private void operate() {
        testbed.operate(testbed.setup().pollingFast());
    }

    private void readiness(String node, String ip, boolean ready) {
        testbed.podSays(node, Testbed.running(ip, ready));
    }

    private void containerWaits(String reason, String message) {
        testbed.podSays(
                "node-1",
                new PodStatusBuilder(Testbed.running(IP_1, false))
                        .editFirstContainerStatus()
                        .withState(new ContainerStateBuilder()
                                .withNewWaiting()
                                .withReason(reason)
                                .withMessage(message)
                                .endWaiting()
                                .build())
                        .endContainerStatus()
                        .build());
    }

    private void recovered() throws Exception {
        Eventually.holds(() -> {
            assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");
            assertThat(testbed.resource().getStatus().summary()).isEqualTo("2/2 connected");
            assertThat(testbed.resource().getStatus().tunnels())
                    .extracting(row -> row.wolfId(), row -> row.reason())
                    .containsExactly(tuple("a1", null), tuple("a2", null));
        });
    }
}
