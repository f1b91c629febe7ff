package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.Conditions.condition;
import static ml.helix.wolf.operator.status.Conditions.statusAndReason;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.Cordons;
import ml.helix.wolf.operator.observed.Obstacle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatusTest {
    private static final Instant NOW = Instant.parse("2026-02-02T12:00:00.987Z");

    static Stream<Arguments> scenes() {
        return Stream.of(
                scene("connected", Scene.nodes(1).connected("a"), "True Connected", "none"),
                scene("no node", Scene.nodes(0), "True NoMatchingNodes", "none"),
                scene("nothing created yet", Scene.nothingThere(), "False RollingOut", "Reconciling"),
                scene(
                        "not processed yet",
                        Scene.nothingThere().rollout(false, 0, 0),
                        "False RollingOut",
                        "Reconciling"),
                scene(
                        "old template on one node",
                        Scene.nothingThere().rollout(true, 2, 1).connected("a").connected("b"),
                        "False RollingOut",
                        "Reconciling"),
                scene("no pod yet", Scene.nodes(1), "False PodMissing", "Reconciling"),
                scene("pod starts", Scene.nodes(1).starting("a"), "False PodStarting", "Reconciling"),
                scene("first connection", Scene.nodes(1).unanswered("a", false), "False Connecting", "Reconciling"),
                scene(
                        "secret missing",
                        Scene.nodes(1).connected("a").obstacle(new Obstacle.RunnerTokenMissing("m")),
                        "False RunnerTokenMissing",
                        "Stalled"),
                scene(
                        "ca missing",
                        Scene.nothingThere().obstacle(new Obstacle.CaBundleMissing("m")),
                        "False CaBundleMissing",
                        "Stalled"),
                scene(
                        "refused",
                        Scene.nothingThere().obstacle(new Obstacle.ApplyRefused("m")),
                        "False ApplyRefused",
                        "Stalled"),
                scene("paused", Scene.nodes(1).connected("a").paused(false), "True Connected", "none"),
                scene("paused with changes", Scene.nodes(1).connected("a").paused(true), "False Paused", "none"),
                scene("401", Scene.nodes(1).failing("a", "Unauthorized", "m"), "False Unauthorized", "Stalled"),
                scene("403", Scene.nodes(1).failing("a", "Forbidden", "m"), "False Forbidden", "Stalled"),
                scene("bad certificate", Scene.nodes(1).failing("a", "TlsFailure", "m"), "False TlsFailure", "Stalled"),
                scene(
                        "name without an address",
                        Scene.nodes(1).failing("a", "DnsFailure", "m"),
                        "False DnsFailure",
                        "none"),
                scene(
                        "control plane down",
                        Scene.nodes(1).failing("a", "ConnectFailure", "m"),
                        "False ConnectFailure",
                        "none"),
                scene(
                        "reason of a newer agent",
                        Scene.nodes(1).failing("a", "MoonPhase", "m"),
                        "False MoonPhase",
                        "none"),
                scene("node lost", Scene.nodes(1).lost("a"), "False NodeNotReady", "none"),
                scene(
                        "lost node that would not get a new agent",
                        Scene.nodes(0, 1).lost("a"),
                        "False NodeNotReady",
                        "none"),
                scene(
                        "node that would not get a new agent",
                        Scene.nodes(0, 1).connected("a"),
                        "True Connected",
                        "none"),
                scene("no image", Scene.nodes(1).waiting("a", "ErrImagePull"), "False ImagePullBackOff", "Stalled"),
                scene(
                        "bad reference in env",
                        Scene.nodes(1).waiting("a", "CreateContainerConfigError"),
                        "False ContainerConfigError",
                        "Stalled"),
                scene(
                        "crash loop",
                        Scene.nodes(1).waiting("a", "CrashLoopBackOff"),
                        "False CrashLoopBackOff",
                        "Stalled"),
                scene("crashed once", Scene.nodes(1).waiting("a", ""), "False PodFailed", "none"),
                scene(
                        "no room",
                        Scene.nodes(1).unschedulable("a", "Insufficient cpu"),
                        "False Unschedulable",
                        "Stalled"),
                scene(
                        "agent that cannot be asked, ready",
                        Scene.nodes(1).unreachable("a", true),
                        "True Connected",
                        "none"),
                scene(
                        "agent that cannot be asked, unready",
                        Scene.nodes(1).unreachable("a", false),
                        "False StatusUnreachable",
                        "none"),
                scene(
                        "draining",
                        Scene.nodes(1).reports("a", "Draining", Optional.empty()),
                        "False Draining",
                        "Reconciling"),
                scene(
                        "the most urgent of several is named",
                        Scene.nodes(3)
                                .connected("a")
                                .failing("b", "ConnectFailure", "m")
                                .failing("c", "Forbidden", "m"),
                        "False Forbidden",
                        "Stalled"),
                scene("wolf down", Scene.nodes(1).connected("a", 1, Optional.of(false)), "True Connected", "none"));
    }

    /** @param isTrue which of Reconciling and Stalled is True */
    private static Arguments scene(String name, Scene scene, String ready, String isTrue) {
        return Arguments.of(name, scene, ready, isTrue);
    }

    @ParameterizedTest(name = "{0}: Ready {2}, True is {3}")
    @MethodSource("scenes")
    void sceneHasItsConditions(String name, Scene scene, String ready, String isTrue) {
        var status = status(scene);
        assertThat(statusAndReason(status, "Ready")).isEqualTo(ready);
        for (var type : List.of("Reconciling", "Stalled")) {
            assertThat(condition(status, type).getStatus()).as(type).isEqualTo(type.equals(isTrue) ? "True" : "False");
        }
        assertThat(status.conditions()).hasSize(7).allSatisfy(condition -> {
            assertThat(condition.getReason()).matches("[A-Za-z]+");
            assertThat(condition.getMessage()).isNotBlank();
            assertThat(condition.getObservedGeneration()).isEqualTo(1);
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenes")
    void sameSceneHasTheSameStatusHoweverLate(String name, Scene scene, String ready, String isTrue) {
        var first = status(scene);
        assertThat(status(scene, first, NOW.plusSeconds(599))).isEqualTo(first);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenes")
    void statusSurvivesARoundTripThroughJson(String name, Scene scene, String ready, String isTrue) {
        var json = new KubernetesSerialization();
        var first = status(scene);
        assertThat(json.unmarshal(json.asJson(first), WolfTunnelStatus.class)).isEqualTo(first);
    }

    @Test
    void conditionsOfTheAgentsSayWhichStepFails() {
        var refused = status(Scene.nodes(2).connected("a").failing("b", "Unauthorized", "no"));
        assertThat(statusAndReason(refused, "AgentsAvailable")).isEqualTo("True AllAvailable");
        assertThat(statusAndReason(refused, "ControlPlaneReachable")).isEqualTo("True Reachable");
        assertThat(statusAndReason(refused, "Authenticated")).isEqualTo("False Unauthorized");

        var down = status(Scene.nodes(1).failing("a", "ConnectFailure", "no"));
        assertThat(statusAndReason(down, "ControlPlaneReachable")).isEqualTo("False ConnectFailure");
        assertThat(statusAndReason(down, "Authenticated")).isEqualTo("Unknown NotKnown");

        var lost = status(Scene.nodes(1).lost("a"));
        assertThat(statusAndReason(lost, "AgentsAvailable")).isEqualTo("False NodeNotReady");
        assertThat(statusAndReason(lost, "ControlPlaneReachable")).isEqualTo("Unknown NotKnown");
        assertThat(statusAndReason(lost, "WolfReachable")).isEqualTo("Unknown NotKnown");

        var made = status(Scene.nothingThere());
        assertThat(statusAndReason(made, "AgentsAvailable")).isEqualTo("Unknown NotKnown");

        var unanswering = status(Scene.nodes(1).unreachable("a", true));
        assertThat(statusAndReason(unanswering, "Authenticated")).isEqualTo("True TokenAccepted");
        assertThat(statusAndReason(unanswering, "WolfReachable")).isEqualTo("Unknown NotKnown");
    }

    @Test
    void nodesThatRunAnAgentCountEvenIfTheyWouldNotGetANewOne() {
        assertThat(status(Scene.nodes(1, 1).connected("a").lost("b")).summary()).isEqualTo("1/2 connected");
        assertThat(status(Scene.nodes(1, 1).connected("a")).summary()).isEqualTo("1/1 connected");
    }

    @Test
    void unhealthyTunnelsComeFirstTheUrgentBeforeTheRestAndThenByNode() {
        var status = status(Scene.nodes(5)
                .connected("a")
                .connected("b", 1, Optional.of(false))
                .failing("c", "ConnectFailure", "m")
                .failing("e", "Forbidden", "m")
                .failing("d", "ConnectFailure", "m"));
        assertThat(status.tunnels()).extracting(TunnelStatus::node).containsExactly("e", "c", "d", "b", "a");
        assertThat(status.summary()).isEqualTo("2/5 connected");
    }

    @Test
    void listOfTunnelsIsBoundedInNumberAndInBytes() {
        var many = Scene.nodes(5_000);
        IntStream.range(0, 5_000)
                .forEach(i -> many.failing(
                        "node-%04d".formatted(i) + "x".repeat(200), "ConnectFailure", "\u20ac".repeat(5_000)));
        var status = status(many);
        assertThat(status.tunnels()).hasSizeBetween(16, 64);
        assertThat(status.omittedTunnels()).isEqualTo(5_000 - status.tunnels().size());
        assertThat(new KubernetesSerialization().asJson(status).getBytes(StandardCharsets.UTF_8))
                .hasSizeLessThan(64 * 1024);

        var short64 = Scene.nodes(70);
        IntStream.range(0, 70).forEach(i -> short64.connected("n" + i));
        assertThat(status(short64).tunnels()).hasSize(64);
        assertThat(status(short64).omittedTunnels()).isEqualTo(6);
    }

    @Test
    void attemptsThatFailForTheSameReasonChangeNothing() {
        var first = status(Scene.nodes(1).failing("a", "ConnectFailure", "10.0.0.7:443 from port 41234: refused"));
        var again = Scene.nodes(1)
                .reports(
                        "a",
                        "Connecting",
                        Optional.of(new AgentReport.Failure("ConnectFailure", "fd00::7:443 from port 5: refused")));
        assertThat(status(again, first, NOW.plusSeconds(60))).isEqualTo(first);
    }

    @Test
    void anotherMessageWithTheSameReasonIsWrittenAndKeepsTheTime() {
        var first = status(Scene.nodes(1).failing("a", "TlsFailure", "the certificate has expired"));
        var later =
                status(Scene.nodes(1).failing("a", "TlsFailure", "it is for another host"), first, NOW.plusSeconds(60));
        assertThat(later.tunnels().getFirst().message()).isEqualTo("it is for another host");
        assertThat(later.tunnels().getFirst().since()).isEqualTo("2026-02-02T12:00:00Z");
        assertThat(condition(later, "Ready").getMessage()).contains("it is for another host");
    }

    @Test
    void reconnectionBetweenTwoReportsIsWritten() {
        var first = status(Scene.nodes(1).connected("a", 1, Optional.of(true)));
        var later = status(Scene.nodes(1).connected("a", 2, Optional.of(true)), first, NOW);
        assertThat(later).isNotEqualTo(first);
        assertThat(later.tunnels().getFirst().connects()).isEqualTo(2);
    }

    @Test
    void conditionKeepsItsTimeUntilItsStatusChanges() {
        var first = status(Scene.nodes(1).failing("a", "DnsFailure", "m"));
        var otherReason = status(Scene.nodes(1).failing("a", "Forbidden", "m"), first, NOW.plusSeconds(60));
        assertThat(condition(otherReason, "Ready").getLastTransitionTime()).isEqualTo("2026-02-02T12:00:00Z");
        assertThat(condition(otherReason, "Stalled").getLastTransitionTime()).isEqualTo("2026-02-02T12:01:00Z");
        var mended = status(Scene.nodes(1).connected("a"), otherReason, NOW.plusSeconds(120));
        assertThat(condition(mended, "Ready").getLastTransitionTime()).isEqualTo("2026-02-02T12:02:00Z");
    }

    @Test
    void changeAfterTheClockJumpedBackIsNotDatedBeforeTheLastChange() {
        var first = status(Scene.nodes(1).connected("a"));
        var anHourBack = status(Scene.nodes(1).failing("a", "DnsFailure", "m"), first, NOW.minusSeconds(3600));
        assertThat(condition(anHourBack, "Ready").getLastTransitionTime()).isEqualTo("2026-02-02T12:00:00Z");
        assertThat(row(anHourBack, "a").since()).isEqualTo("2026-02-02T12:00:00Z");
        assertThat(status(Scene.nodes(1).connected("a"), first, NOW.minusSeconds(3600)))
                .isEqualTo(first);
    }

    @Test
    void unknownStateOfANewerAgentIsJudgedByReadinessAndTheMessageSaysSo() {
        var ready = status(Scene.nodes(1).says("a", true, newer("Suspended")));
        assertThat(statusAndReason(ready, "Ready")).isEqualTo("True Connected");
        assertThat(row(ready, "a").reason()).isEqualTo("StatusUnreachable");
        assertThat(row(ready, "a").message()).contains("readiness alone", "'Suspended'", "newer");
        assertThat(row(ready, "a").agentVersion()).isEqualTo("1.0");
        var unready = status(Scene.nodes(1).says("a", false, newer("Suspended")));
        assertThat(statusAndReason(unready, "Ready")).isEqualTo("False StatusUnreachable");
        assertThat(row(unready, "a").state()).isEqualTo("Disconnected");
    }

    private static AgentAnswer newer(String state) {
        return Scene.reported(state, Optional.of(true), Optional.of(true), "", Optional.empty());
    }

    @Test
    void fieldsThatAnOlderAgentDoesNotReportAreLeftOutAndStaySo() {
        var report = new AgentReport(
                "Connected",
                "",
                "id",
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.empty(),
                List.of());
        var status = status(Scene.nodes(1).says("a", true, new AgentAnswer.Reported(report)));
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
        assertThat(statusAndReason(status, "WolfReachable")).isEqualTo("Unknown NotKnown");
        assertThat(row(status, "a").connects()).isNull();
        assertThat(row(status, "a").agentVersion()).isNull();
        var unanswered = Scene.nodes(1).unanswered("a", true);
        assertThat(status(unanswered, status, NOW.plusSeconds(9))).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{tunnels: [{}], conditions: []}",
                "{tunnels: [{pod: pod-a, state: Connected, moon: 1}], sun: {a: b}}",
                "{conditions: [{type: Ready, status: 'True', reason: r, message: m, lastTransitionTime: yesterday}]}",
                "{conditions: [{type: Other, status: 'True', reason: r, message: m}], connected: 7, tunnels: [{pod: pod-a}]}",
            })
    void statusOfAnOlderOrNewerOperatorIsRead(String left) {
        var before = new KubernetesSerialization().unmarshal("---\n" + left, WolfTunnelStatus.class);
        var scene = Scene.nodes(1).connected("a");
        var status = status(scene, before, NOW);
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
        assertThat(status.conditions()).hasSize(7);
        assertThat(status(scene, status, NOW.plusSeconds(9))).isEqualTo(status);
    }

    @Test
    void newGenerationIsObserved() {
        var first = status(Scene.nodes(1).connected("a"));
        var later = status(Scene.nodes(1).connected("a").generation(2), first, NOW.plusSeconds(5));
        assertThat(later.observedGeneration()).isEqualTo(2);
        assertThat(condition(later, "Ready").getObservedGeneration()).isEqualTo(2);
    }

    @Test
    void newOperatorKeepsTheLastStatusIfReadinessAgrees() {
        var last = status(Scene.nodes(3)
                .connected("a", 3, Optional.of(false))
                .unreachable("b", true)
                .failing("c", "DnsFailure", "no such host"));
        var unanswered =
                Scene.nodes(3).unanswered("a", true).unanswered("b", true).unanswered("c", false);
        assertThat(status(unanswered, last, NOW.plusSeconds(60))).isEqualTo(last);
    }

    @Test
    void newOperatorFollowsReadinessIfTheLastStatusSaysOtherwise() {
        var last = status(Scene.nodes(2).connected("a").failing("b", "DnsFailure", "m"));
        var unanswered = Scene.nodes(2).unanswered("a", false).unanswered("b", true);
        var now = status(unanswered, last, NOW.plusSeconds(60));
        assertThat(row(now, "a").state()).isEqualTo("Connecting");
        assertThat(row(now, "b").state()).isEqualTo("Connected");
    }

    @Test
    void ofTwoPodsOnANodeTheConnectedOneCountsButNeverATerminatingOne() {
        var two = Scene.nodes(1)
                .add(named("old", false, "2026-01-01T00:00:00Z", true), new AgentAnswer.None())
                .add(named("new", false, "2026-01-01T00:01:00Z", false), new AgentAnswer.None());
        assertThat(status(two).tunnels()).singleElement().satisfies(row -> {
            assertThat(row.pod()).isEqualTo("old");
            assertThat(row.state()).isEqualTo("Connected");
        });
        var terminating = Scene.nodes(1)
                .add(named("old", true, "2026-01-01T00:00:00Z", true), new AgentAnswer.None())
                .add(named("new", false, "2026-01-01T00:01:00Z", false), new AgentAnswer.None());
        assertThat(status(terminating).tunnels()).singleElement().satisfies(row -> {
            assertThat(row.pod()).isEqualTo("new");
            assertThat(row.state()).isEqualTo("Connecting");
        });
    }

    @Test
    void cordonsAreAConditionOfTheirOwnThatChangesNoOther() {
        var scene = Scene.nodes(1).connected("a");
        var without = status(scene).conditions();
        assertThat(without).extracting(Condition::getType).doesNotContain("CordonedNodesDrained");
        for (var cordons : List.of(
                new Cordons.Loading(),
                new Cordons.Forbidden(),
                new Cordons.Known(Set.of()),
                new Cordons.Known(Set.of("a", "without-agent")))) {
            assertThat(status(scene.cordons(cordons)).conditions())
                    .startsWith(without.toArray(Condition[]::new))
                    .hasSize(without.size() + 1);
        }
        assertThat(status(scene).conditions().getLast().getMessage())
                .isEqualTo("the agents of cordoned nodes ask to be drained: a");
        assertThat(status(scene.cordons(new Cordons.Forbidden()))
                        .conditions()
                        .getLast()
                        .getReason())
                .isEqualTo("NodesForbidden");
    }

    private static AgentPod named(String name, boolean terminating, String created, boolean ready) {
        var pod = Scene.pod("a", ready, false, "", Scene.running("agent", ready));
        return new AgentPod(
                name,
                name,
                pod.ownerUid(),
                pod.node(),
                pod.ip(),
                pod.port(),
                created,
                pod.templateGeneration(),
                terminating,
                ready,
                false,
                "",
                false,
                pod.containers());
    }

    @Test
    void refusedNewTokenIsReportedWhileTheTunnelUsesTheOldOne() {
        var token = new AgentReport.Token("2026-01-01T00:00:00Z", true);
        var refused = Scene.reported("Connected", Optional.of(true), Optional.of(true), "", Optional.of(token));
        var status = status(Scene.nodes(1).says("a", true, refused));
        assertThat(statusAndReason(status, "Authenticated")).isEqualTo("False TokenRefused");
        assertThat(row(status, "a").tokenSince()).isEqualTo("2026-01-01T00:00:00Z");
        var unanswered = Scene.nodes(1).unanswered("a", true);
        assertThat(status(unanswered, status, NOW)).isEqualTo(status);
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
    }

    @Test
    void textOfAnAgentCannotBreakTheStatus() {
        var status =
                status(Scene.nodes(1).failing("a", "ConnectFailure", "line\nline\u0000\u001b[31m " + "x".repeat(999)));
        assertThat(row(status, "a").message())
                .startsWith("line line")
                .hasSizeLessThanOrEqualTo(256)
                .doesNotContainPattern("\\p{Cntrl}");
    }

    private static WolfTunnelStatus status(Scene scene) {
        return Status.of(scene.observed(), null, NOW);
    }

    private static WolfTunnelStatus status(Scene scene, WolfTunnelStatus last, Instant now) {
        return Status.of(scene.observed(), last, now);
    }

    private static TunnelStatus row(WolfTunnelStatus status, String node) {
        return status.tunnels().stream()
                .filter(row -> node.equals(row.node()))
                .findFirst()
                .orElseThrow();
    }
}
