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

    private Trial trial;
    private FakeAgent agent1;
    private FakeAgent agent2;
    private RealApiServer.Running server;

    @BeforeEach
    void twoTunnelsAreUp(RealApiServer.Running running) throws Exception {
        server = running;
        agent1 = new FakeAgent(IP_1, 0).connected("a1");
        agent2 = new FakeAgent(IP_2, agent1.port()).connected("a2");
        trial = new Trial(server);
        operate();
        trial.token("t");
        trial.apply("{agent: {port: %d}}".formatted(agent1.port()));
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
        trial.podRuns("node-1", IP_1, true);
        trial.podRuns("node-2", IP_2, true);
        trial.rolledOut(2, 2);
        recovered();
    }

    @AfterEach
    void end() {
        trial.close();
        agent1.close();
        agent2.close();
    }

    @Test
    void twoTunnelsAreToldOf() {
        var status = trial.tunnel().getStatus();
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
        assertThat(trial.verdict("AgentsAvailable")).isEqualTo("True AllAvailable");
        assertThat(trial.verdict("ControlPlaneReachable")).isEqualTo("True Reachable");
        assertThat(trial.verdict("Authenticated")).isEqualTo("True TokenAccepted");
        assertThat(trial.verdict("WolfReachable")).isEqualTo("True Reachable");
        assertThat(trial.verdict("Reconciling")).isEqualTo("False UpToDate");
        assertThat(trial.verdict("Stalled")).isEqualTo("False NotStalled");
    }

    @Test
    void quietTunnelsAreAskedAgainAndNothingIsWritten() throws Exception {
        var before = trial.tunnel().getMetadata().getResourceVersion();
        int asked = agent1.timesAsked();
        agent1.connected("a1");
        Eventually.holds(() -> assertThat(agent1.timesAsked()).isGreaterThan(asked));
        assertThat(trial.tunnel().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void refusedTokenStallsTheTunnelUntilTheAgentGetsIn() throws Exception {
        agent2.failing("Unauthorized", "the control plane answers 401");
        readiness("node-2", IP_2, false);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False Unauthorized"));
        assertThat(trial.verdict("Stalled")).isEqualTo("True Unauthorized");
        assertThat(trial.verdict("Authenticated")).isEqualTo("False Unauthorized");
        assertThat(trial.verdict("ControlPlaneReachable")).startsWith("True");
        assertThat(trial.condition("Ready").getMessage())
                .isEqualTo("1 of 2 tunnels are connected; node-2: the control plane answers 401");
        assertThat(trial.tunnel().getStatus().summary()).isEqualTo("1/2 connected");
        assertThat(trial.row("node-2").reason()).isEqualTo("Unauthorized");
        assertThat(trial.tunnel().getStatus().tunnels().getFirst().node()).isEqualTo("node-2");

        agent2.connected("a2", 2, true);
        readiness("node-2", IP_2, true);
        recovered();
        assertThat(trial.row("node-2").connects()).isEqualTo(2);
    }

    @Test
    void unknownHostNameIsAReasonOfTheControlPlane() throws Exception {
        agent1.failing("DnsFailure", "no address for helix.example.com");
        readiness("node-1", IP_1, false);
        Eventually.holds(
                () -> assertThat(trial.verdict("ControlPlaneReachable")).isEqualTo("False DnsFailure"));
        assertThat(trial.verdict("Ready")).isEqualTo("False DnsFailure");
        assertThat(trial.verdict("Stalled")).startsWith("False");
        agent1.connected("a1");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void wolfThatIsDownIsToldOfAlthoughTheTunnelIsUp() throws Exception {
        agent1.connected("a1", 1, false);
        Eventually.holds(() -> assertThat(trial.verdict("WolfReachable")).isEqualTo("False WolfUnreachable"));
        assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
        assertThat(trial.row("node-1").reason()).isEqualTo("WolfUnreachable");
        agent1.connected("a1");
        Eventually.holds(() -> assertThat(trial.verdict("WolfReachable")).isEqualTo("True Reachable"));
    }

    @Test
    void agentThatCannotBeAskedIsJudgedByItsReadinessAloneAndThatIsSaid() throws Exception {
        agent1.close();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("StatusUnreachable"));
        assertThat(trial.row("node-1").state()).isEqualTo("Connected");
        Eventually.holds(() ->
                assertThat(trial.row("node-1").message()).contains("readiness alone", "the connection is refused"));
        assertThat(trial.verdict("Ready")).isEqualTo("True Connected");

        readiness("node-1", IP_1, false);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False StatusUnreachable"));
        assertThat(trial.row("node-1").state()).isEqualTo("Disconnected");

        agent1 = new FakeAgent(IP_1, agent1.port()).connected("a1");
        readiness("node-1", IP_1, true);
        recovered();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isNull());
    }

    @Test
    void lostNodeIsToldOfOnceItsAgentIsNotHeardOfEither() throws Exception {
        trial.nodeIsLost("node-1", IP_1);
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(trial.row("node-1").state()).as("its agent answers").isEqualTo("Connected");
        assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
        assertThat(trial.verdict("AgentsAvailable")).isEqualTo("True AllAvailable");

        agent1.close();
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False NodeNotReady"));
        assertThat(trial.verdict("AgentsAvailable")).isEqualTo("False NodeNotReady");
        assertThat(trial.row("node-1").state()).isEqualTo("Unknown");
        agent1 = new FakeAgent(IP_1, agent1.port()).connected("a1");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void operatorThatStartsWhileEveryNodeIsCalledLostTurnsNoTunnelDown() throws Exception {
        trial.nodeIsLost("node-1", IP_1);
        trial.nodeIsLost("node-2", IP_2);
        Eventually.holds(() -> assertThat(trial.tunnel().getStatus().tunnels())
                .extracting(row -> row.reason())
                .containsOnly("NodeNotReady"));
        int asked = agent2.timesAsked();
        operate();
        Eventually.holds(() -> assertThat(agent2.timesAsked()).isGreaterThan(asked + 1));
        Eventually.holds(() -> assertThat(trial.looks()).isPositive());
        assertThat(trial.statusWrites()).isZero();
        assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
    }

    @Test
    void agentsOfTwoTunnelsWithTheSameIdsAreToldOfOnBothUntilOneHasAPrefix() throws Exception {
        var ids = "{agent: {port: %d}, wolfId: {source: NodeName, prefix: '%s'}}";
        try (var other = new Trial(server)) {
            trial.operate(trial.setup().hurried().watching(Set.of(trial.namespace, other.namespace)));
            trial.apply(ids.formatted(agent1.port(), ""));
            other.token("t");
            other.apply(ids.formatted(agent1.port(), ""));
            Eventually.holds(() -> assertThat(other.daemonSet()).isNotNull());
            other.podRuns("node-1", IP_1, true);
            other.rolledOut(1, 1);
            trial.rolledOut(2, 2);
            Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False DuplicateRunnerId"));
            Eventually.holds(() -> assertThat(other.verdict("Stalled")).isEqualTo("True DuplicateRunnerId"));
            assertThat(trial.condition("Ready").getMessage())
                    .contains(other.namespace + "/" + Trial.TUNNEL, "wolf-node-1", "spec.wolfId.prefix");
            assertThat(trial.row("node-2").reason()).isNull();
            assertThat(trial.verdict("ControlPlaneReachable")).isEqualTo("True Reachable");

            other.apply(ids.formatted(agent1.port(), "other-"));
            Eventually.holds(() ->
                    assertThat(other.daemonSet().getMetadata().getGeneration()).isEqualTo(2));
            other.rolledOut(1, 1);
            Eventually.holds(() -> assertThat(other.verdict("Ready")).isEqualTo("True Connected"));
            recovered();
        }
    }

    @Test
    void agentThatSomebodyDisplacesAgainAndAgainHasOneStatusAndNotTwoInTurn() throws Exception {
        agent1.displaced("a1", "Disconnected", 1);
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True Displaced"));
        assertThat(trial.row("node-1").message()).contains("another agent uses wolf-a1: set spec.wolfId.prefix");
        trial.settled();
        var before = trial.tunnel().getMetadata().getResourceVersion();
        for (int connects = 2; connects < 5; connects++) {
            for (var state : List.of("Connected", "Disconnected")) {
                int asked = agent1.timesAsked();
                agent1.displaced("a1", state, connects);
                Eventually.holds(() -> assertThat(agent1.timesAsked()).isGreaterThan(asked + 1));
            }
        }
        trial.settled();
        assertThat(trial.tunnel().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void imageThatCannotBePulledStallsTheTunnel() throws Exception {
        containerWaits("ImagePullBackOff", "Back-off pulling image \"agent:1\"");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True ImagePullBackOff"));
        assertThat(trial.verdict("AgentsAvailable")).isEqualTo("False ImagePullBackOff");
        assertThat(trial.row("node-1").message()).contains("container agent has no image agent:1");
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void crashLoopStallsTheTunnel() throws Exception {
        containerWaits("CrashLoopBackOff", "back-off 5m0s restarting failed container");
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True CrashLoopBackOff"));
        readiness("node-1", IP_1, true);
        recovered();
    }

    @Test
    void podThatNoNodeTakesStallsTheTunnel() throws Exception {
        var scheduled = new PodCondition();
        scheduled.setType("PodScheduled");
        scheduled.setStatus("False");
        scheduled.setReason("Unschedulable");
        scheduled.setMessage("0/2 nodes are available: 1 Insufficient cpu");
        trial.podSays(
                "node-1",
                new PodStatusBuilder()
                        .withPhase("Pending")
                        .withConditions(scheduled)
                        .build());
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True Unschedulable"));
        assertThat(trial.row("node-1").message()).contains("Insufficient cpu");
    }

    @Test
    void statusOutlivesTheOperatorAndTheNextOneWritesOnlyWhatChanges() throws Exception {
        int asked = agent2.timesAsked();
        operate();
        Eventually.holds(() -> assertThat(agent2.timesAsked()).isGreaterThan(asked));
        Eventually.holds(() -> assertThat(trial.looks()).isPositive());
        agent1.connected("a1", 7, true);
        Eventually.holds(() -> assertThat(trial.row("node-1").connects()).isEqualTo(7));
        Eventually.holds(() -> assertThat(trial.statusWrites()).isEqualTo(1));
    }

    @Test
    void olderAgentWithHardlyAFieldAndANewerOneWithMoreAreToldOfHonestly() throws Exception {
        agent1.says("{\"state\":\"Connected\",\"wolfId\":\"a1\"}");
        agent2.says("""
                {"state":"Disconnected","since":"2026-01-01T00:00:00Z","wolfId":"a2","moon":{"phase":1},"connects":"many",
                 "lastError":{"reason":"QuotaExceeded","message":"three tunnels are enough"},"version":"9.0"}""");
        readiness("node-2", IP_2, false);
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False QuotaExceeded"));
        assertThat(trial.verdict("Stalled")).startsWith("False");
        assertThat(trial.row("node-2").agentVersion()).isEqualTo("9.0");
        assertThat(trial.row("node-2").message()).isEqualTo("three tunnels are enough");
        Eventually.holds(() -> assertThat(trial.row("node-1").agentVersion()).isNull());
        assertThat(trial.row("node-1").state()).isEqualTo("Connected");
        assertThat(trial.row("node-1").connects()).isNull();
        assertThat(trial.verdict("WolfReachable")).isEqualTo("Unknown NotKnown");
    }

    @Test
    void newTokenInAFileIsFollowedFromNodeToNodeWithoutARestart() throws Exception {
        deliveredByFile();
        var daemonSet = trial.daemonSet().getMetadata().getResourceVersion();
        trial.token("another");
        agent1.connectedWithToken("a1", "2026-02-02T00:00:00.5Z", false);
        Eventually.holds(() -> assertThat(trial.row("node-1").tokenSince()).isEqualTo("2026-02-02T00:00:00Z"));
        assertThat(trial.row("node-2").tokenSince()).as("not there yet").isEqualTo("2026-01-01T00:00:00Z");
        agent2.connectedWithToken("a2", "2026-02-02T00:00:09Z", false);
        Eventually.holds(() -> assertThat(trial.row("node-2").tokenSince()).isEqualTo("2026-02-02T00:00:09Z"));
        assertThat(trial.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        recovered();
    }

    @Test
    void newTokenThatIsRefusedIsToldOfWhileTheTunnelIsUpOnTheOldOne() throws Exception {
        deliveredByFile();
        trial.token("mistyped");
        agent1.connectedWithToken("a1", "2026-01-01T00:00:00Z", true);
        Eventually.holds(() -> assertThat(trial.verdict("Authenticated")).isEqualTo("False TokenRefused"));
        assertThat(trial.row("node-1").reason()).isEqualTo("TokenRefused");
        assertThat(trial.row("node-1").state()).isEqualTo("Connected");
        assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
        assertThat(trial.condition("Authenticated").getMessage()).contains("node-1", "the one before");
        agent1.connectedWithToken("a1", "2026-02-02T00:00:00Z", false);
        recovered();
        assertThat(trial.verdict("Authenticated")).isEqualTo("True TokenAccepted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Env", "File"})
    void deletedSecretIsToldOfAndTakesNothingDown(String delivery) throws Exception {
        if (delivery.equals("File")) {
            deliveredByFile();
        }
        var daemonSet = trial.daemonSet().getMetadata().getResourceVersion();
        trial.admin
                .secrets()
                .inNamespace(trial.namespace)
                .withName("wolf-token")
                .delete();
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True RunnerTokenMissing"));
        assertThat(trial.tunnel().getStatus().summary()).isEqualTo("2/2 connected");
        assertThat(trial.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        trial.token("t");
        if (delivery.equals("File")) {
            recovered();
            assertThat(trial.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        }
    }

    private void deliveredByFile() throws Exception {
        agent1.connectedWithToken("a1", "2026-01-01T00:00:00Z", false);
        agent2.connectedWithToken("a2", "2026-01-01T00:00:00Z", false);
        trial.apply("{agent: {port: %d}, runnerToken: {secretRef: {name: wolf-token}, delivery: File}}"
                .formatted(agent1.port()));
        Eventually.holds(() ->
                assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(2));
        trial.rolledOut(2, 2);
        recovered();
        Eventually.holds(() -> assertThat(trial.tunnel().getStatus().tunnels())
                .extracting(row -> row.tokenSince())
                .containsOnly("2026-01-01T00:00:00Z"));
    }

    @Test
    void podsOfOthersWithTheSameLabelsAreNotAsked() throws Exception {
        var stranger = trial.admin
                .pods()
                .inNamespace(trial.namespace)
                .withName("gpu-nodes-tunnel-agent-node-1")
                .get();
        stranger.getMetadata().setName("stranger");
        stranger.getMetadata().setUid(null);
        stranger.getMetadata().setResourceVersion(null);
        stranger.getMetadata().setOwnerReferences(null);
        trial.admin.resource(stranger).create();
        agent1.connected("a1", 5, true);
        Eventually.holds(() -> assertThat(trial.row("node-1").connects()).isEqualTo(5));
        assertThat(trial.tunnel().getStatus().tunnels()).hasSize(2);
    }

    private void operate() {
        trial.operate(trial.setup().hurried());
    }

    private void readiness(String node, String ip, boolean ready) {
        trial.podSays(node, Trial.running(ip, ready));
    }

    private void containerWaits(String reason, String message) {
        trial.podSays(
                "node-1",
                new PodStatusBuilder(Trial.running(IP_1, false))
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
            assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
            assertThat(trial.tunnel().getStatus().summary()).isEqualTo("2/2 connected");
            assertThat(trial.tunnel().getStatus().tunnels())
                    .extracting(row -> row.wolfId(), row -> row.reason())
                    .containsExactly(tuple("a1", null), tuple("a2", null));
        });
    }
}
