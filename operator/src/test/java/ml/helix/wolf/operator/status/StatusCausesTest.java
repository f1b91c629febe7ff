package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.Conditions.condition;
import static ml.helix.wolf.operator.status.Conditions.statusAndReason;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.ContainerState.Termination;
import ml.helix.wolf.operator.observed.Obstacle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is stuck says why; one cause has one message. */
class StatusCausesTest {
    private static final Instant NOW = Instant.parse("2026-02-02T12:00:00Z");
    private static final Termination BAD_TOKEN =
            Scene.ended(2, "Error", "tunnel-agent: -token (RUNNER_TOKEN) must be one line");

    // pods that the cluster doesn't create or start

    @Test
    void podsThatTheClusterForbidsStallTheWolfTunnelWithTheClustersMessage() {
        var status = status(Scene.nodes(2).forbidden("pods \"x-…\" is forbidden: violates PodSecurity"), null, NOW);
        assertThat(statusAndReason(status, "Ready")).isEqualTo("False PodsForbidden");
        assertThat(statusAndReason(status, "Stalled")).isEqualTo("True PodsForbidden");
        assertThat(message(status, "Stalled")).contains("violates PodSecurity", "0 of 2 tunnels are connected");
    }

    @Test
    void volumeThatCannotBeMountedStallsTheWolfTunnelAndNamesNodeAndObject() {
        var status = status(
                Scene.nodes(1).starting("a", "FailedMount", "MountVolume.SetUp failed: configmap \"ca\" not found"),
                null,
                NOW);
        assertThat(statusAndReason(status, "Stalled")).isEqualTo("True VolumeNotMounted");
        assertThat(message(status, "Ready")).contains("a: ", "configmap \"ca\" not found");
        var sandbox = status(Scene.nodes(1).starting("a", "FailedCreatePodSandBox", "no CNI"), null, NOW);
        assertThat(statusAndReason(sandbox, "Ready")).isEqualTo("False PodStarting");
        assertThat(message(sandbox, "Ready")).contains("no CNI");
    }

    @Test
    void rolloutOnDeleteNamesThePodsThatWaitForTheirDeletion() {
        var scene = Scene.onDelete(2, 1)
                .connected("a")
                .add(
                        Scene.ofTemplate(Scene.pod("b", true, false, "", Scene.running("agent")), Scene.OLDER_TEMPLATE),
                        new AgentAnswer.None());
        var status = status(scene, null, NOW);
        assertThat(statusAndReason(status, "Stalled")).isEqualTo("True PodsAwaitDeletion");
        assertThat(message(status, "Stalled"))
                .contains("1 of 2 nodes run the present template", "OnDelete", "delete pod pod-b (on b)")
                .doesNotContain("pod-a");
    }

    @Test
    void rolloutNamesTheNodeThatIsBehindAndWhy() {
        var scene = Scene.nothingThere()
                .rollout(true, 3, 1)
                .connected("a")
                .starting("b")
                .connected("c");
        assertThat(message(status(scene, null, NOW), "Ready"))
                .isEqualTo("1 of 3 nodes run the present template; 2 of 3 tunnels are connected;"
                        + " b is behind, PodStarting: the pod is starting");
    }

    @Test
    void messageSaysHowManyNodesShareTheCause() {
        var status = status(Scene.nodes(3).starting("a").starting("b").connected("c"), null, NOW);
        assertThat(message(status, "Ready"))
                .isEqualTo("1 of 3 tunnels are connected; a: the pod is starting (and 1 more with PodStarting)");
    }

    // no step for ten minutes

    @ParameterizedTest(name = "{0} s after the last step: {1}")
    @CsvSource({
        "599, False PodStarting, False NotStalled",
        "600, False ProgressDeadlineExceeded, True ProgressDeadlineExceeded"
    })
    void tenMinutesWithoutAStepStallTheWolfTunnel(int seconds, String ready, String stalled) {
        var scene = Scene.nodes(2).starting("a").connected("b");
        var first = status(scene, null, NOW);
        var later = status(scene, first, NOW.plusSeconds(seconds));
        assertThat(statusAndReason(later, "Ready")).isEqualTo(ready);
        assertThat(statusAndReason(later, "Stalled")).isEqualTo(stalled);
        assertThat(message(later, "Ready")).contains("a: the pod is starting");
        var muchLater = status(scene, later, NOW.plusSeconds(seconds).plus(Duration.ofHours(1)));
        assertThat(status(scene, muchLater, NOW.plus(Duration.ofDays(1)))).isEqualTo(muchLater);
    }

    @Test
    void stepBeginsTheTenMinutesAnew() {
        var first = status(Scene.nodes(3).starting("a").starting("b").connected("c"), null, NOW);
        var step = Scene.nodes(3).starting("a").connected("b").connected("c");
        var second = status(step, first, NOW.plusSeconds(500));
        assertThat(statusAndReason(status(step, second, NOW.plusSeconds(1_000)), "Ready"))
                .isEqualTo("False PodStarting");
        assertThat(statusAndReason(status(step, second, NOW.plusSeconds(1_100)), "Ready"))
                .isEqualTo("False ProgressDeadlineExceeded");
    }

    @Test
    void progressAfterAFailureHasTenMinutesFromThen() {
        var down = status(Scene.nodes(1).failing("a", "ConnectFailure", "m"), null, NOW);
        var starts = Scene.nodes(1).starting("a");
        assertThat(statusAndReason(status(starts, down, NOW.plusSeconds(3_600)), "Ready"))
                .isEqualTo("False PodStarting");
    }

    @Test
    void readyOrPausedWolfTunnelHasNoDeadline() {
        var ready = status(Scene.nodes(1).connected("a"), null, NOW);
        assertThat(ready.lastStep()).isNull();
        var paused = status(Scene.nodes(1).connected("a").paused(true), null, NOW);
        assertThat(status(Scene.nodes(1).connected("a").paused(true), paused, NOW.plusSeconds(9_999)))
                .isEqualTo(paused);
    }

    // the container of spec.wolf.container

    @ParameterizedTest(name = "{0}: Ready {1}, Stalled {2}")
    @CsvSource({
        "ErrImagePull, False ImagePullBackOff, True ImagePullBackOff",
        "CrashLoopBackOff, False CrashLoopBackOff, True CrashLoopBackOff",
        "CreateContainerConfigError, False ContainerConfigError, True ContainerConfigError",
        "ContainerCreating, False PodStarting, False NotStalled",
    })
    void declaredContainerThatDoesNotRunCountsForReady(String waiting, String ready, String stalled) {
        var wolf = Scene.waiting(
                "wolf",
                waiting,
                "",
                waiting.startsWith("Crash") ? Optional.of(Scene.ended(139, "Error", "")) : Optional.empty());
        var status = status(beside(wolf).declares("wolf"), null, NOW);
        assertThat(statusAndReason(status, "Ready")).isEqualTo(ready);
        assertThat(statusAndReason(status, "Stalled")).isEqualTo(stalled);
        assertThat(row(status).state()).isEqualTo("Connected");
        assertThat(message(status, "Ready")).contains("a: container wolf");
        assertThat(status.summary()).isEqualTo("1/1 connected");
    }

    @Test
    void declaredContainerThatIsNotReadyCountsForReady() {
        var status = status(beside(Scene.running("wolf", false)).declares("wolf"), null, NOW);
        assertThat(statusAndReason(status, "Ready")).isEqualTo("False ContainerNotReady");
        assertThat(message(status, "Ready")).contains("container wolf runs, but is not ready");
    }

    @Test
    void declaredContainerThatDoesNotRunIsNamedAsTheRolloutsBlocker() {
        var wolf = Scene.waiting("wolf", "ImagePullBackOff", "", Optional.empty());
        var status = status(beside(wolf).rollout(true, 2, 1).connected("b").declares("wolf"), null, NOW);
        assertThat(statusAndReason(status, "Stalled")).isEqualTo("True ImagePullBackOff");
        assertThat(message(status, "Stalled")).contains("a: container wolf has no image registry.example/wolf:1");
    }

    @Test
    void injectedContainerThatDoesNotRunIsNamedAndDoesNotCount() {
        var status = status(beside(Scene.waiting("mesh", "CrashLoopBackOff", "", Optional.empty())), null, NOW);
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
        assertThat(row(status).reason()).isEqualTo("CrashLoopBackOff");
    }

    private static Scene beside(ContainerState container) {
        var agent = Scene.running("agent");
        return Scene.nodes(1)
                .add(Scene.pod("a", false, false, "", agent, container), wolf(true, Optional.of(true), ""));
    }

    // crash loops

    @Test
    void crashLoopIsOneReasonAndOneMessageThroughAllOfItsStates() {
        var waiting = agent(Scene.waiting("agent", "CrashLoopBackOff", "back-off 10s", Optional.of(BAD_TOKEN)));
        var first = status(waiting, null, NOW);
        assertThat(statusAndReason(first, "Stalled")).isEqualTo("True CrashLoopBackOff");
        var runs = agent(Scene.restarted("agent", NOW.plusSeconds(9).toString(), BAD_TOKEN));
        assertThat(status(runs, first, NOW.plusSeconds(10))).isEqualTo(first);
        var silent = Scene.nodes(1)
                .add(
                        Scene.pod(
                                "a",
                                false,
                                false,
                                "",
                                Scene.restarted("agent", NOW.plusSeconds(9).toString(), BAD_TOKEN)),
                        new AgentAnswer.Unreachable("refused"));
        assertThat(status(silent, first, NOW.plusSeconds(10))).isEqualTo(first);
        var ended = agent(Scene.waiting("agent", "", "", Optional.of(BAD_TOKEN)));
        assertThat(status(ended, first, NOW.plusSeconds(12))).isEqualTo(first);
        var later = agent(Scene.waiting("agent", "CrashLoopBackOff", "back-off 1m20s", Optional.of(BAD_TOKEN)));
        assertThat(status(later, first, NOW.plusSeconds(20))).isEqualTo(first);
    }

    @Test
    void crashLoopIsOverWhenTheContainerHasRunForAMinute() {
        var first = status(agent(Scene.waiting("agent", "CrashLoopBackOff", "", Optional.of(BAD_TOKEN))), null, NOW);
        var runs = Scene.nodes(1)
                .add(
                        Scene.pod("a", true, false, "", Scene.restarted("agent", NOW.toString(), BAD_TOKEN)),
                        new AgentAnswer.None());
        assertThat(statusAndReason(status(runs, first, NOW.plusSeconds(59)), "Ready"))
                .isEqualTo("False CrashLoopBackOff");
        assertThat(statusAndReason(status(runs, first, NOW.plusSeconds(60)), "Ready"))
                .isEqualTo("True Connected");
    }

    @Test
    void terminationHasTheKubeletsReasonAndTheContainersLastLines() {
        var killed = status(
                agent(Scene.waiting("agent", "", "", Optional.of(Scene.ended(137, "OOMKilled", "some log")))),
                null,
                NOW);
        assertThat(row(killed).message())
                .isEqualTo(
                        "container agent ended with OOMKilled (exit status 137): it used more memory than its limit");
        var refused = status(
                agent(Scene.waiting("agent", "CrashLoopBackOff", "", Optional.of(BAD_TOKEN)))
                        .settings(Map.of("RUNNER_TOKEN", "key token of Secret wolf-token")),
                null,
                NOW);
        assertThat(row(refused).message())
                .isEqualTo(
                        "container agent ended with exit status 2: tunnel-agent: key token of Secret wolf-token must be"
                                + " one line");
    }

    @Test
    void messagesOfAgentsNameTheFieldsOfTheSpec() {
        var sources = Map.of("RUNNER_TOKEN", "key token of Secret s", "HELIX_API_URL", "spec.controlPlane.url");
        var refused = status(
                Scene.nodes(1)
                        .failing("a", "Unauthorized", "it answered 401; check RUNNER_TOKEN or its file")
                        .settings(sources),
                null,
                NOW);
        assertThat(row(refused).message()).isEqualTo("it answered 401; check key token of Secret s");
        var missing = status(
                Scene.nodes(1)
                        .failing("a", "NotFound", "check HELIX_API_URL and its path prefix, not HELIX_API_URLS")
                        .settings(sources),
                null,
                NOW);
        assertThat(row(missing).message())
                .isEqualTo("check spec.controlPlane.url and its path prefix, not HELIX_API_URLS");
    }

    private static Scene agent(ContainerState container) {
        return Scene.nodes(1).add(Scene.pod("a", false, false, "", container), new AgentAnswer.None());
    }

    // one cause, one message

    @Test
    void failedPullHasOneMessageThroughAllOfTheKubeletsTexts() {
        var pull =
                "rpc error: code = NotFound desc = failed to pull and unpack image \"registry.example/agent:1\": not found";
        var first = status(agent(Scene.waiting("agent", "ErrImagePull", pull, Optional.empty())), null, NOW);
        assertThat(row(first).message())
                .isEqualTo("container agent has no image registry.example/agent:1: failed to pull and unpack image"
                        + " \"registry.example/agent:1\": not found");
        for (var waits : new String[] {
            "Back-off pulling image \"registry.example/agent:1\"",
            "Back-off pulling image \"registry.example/agent:1\": ErrImagePull: " + pull
        }) {
            var next = agent(Scene.waiting("agent", "ImagePullBackOff", waits, Optional.empty()));
            assertThat(status(next, first, NOW.plusSeconds(9))).as(waits).isEqualTo(first);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            dial 10.0.0.7:443 from port 41234: refused | dial [fd00::7]:443 from port 5: refused
            task 0a1b2c3d4e5f60718293 failed after 1m20s | task deadbeefdeadbeef0000 failed after 40s
            pod agent_x_5f3c2b1a-0000-4000-8000-0123456789ab_3 | pod agent_x_aaaabbbb-1111-4111-8111-0123456789ab_12
            at 2026-01-01T00:00:00Z: 3 times | at 2026-01-01T00:00:09.5+01:00: 11 times
            """)
    void attemptsThatDifferInIdsAddressesTimesAndCountsMeanTheSame(String one, String other) {
        assertThat(StatusText.differOnlyInNumbers(one, other)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"configmap ca1 not found, configmap ca2 not found", "node gpu-1 is full, node gpu-2 is full"})
    void digitsInNamesAreNotNumbers(String one, String other) {
        assertThat(StatusText.differOnlyInNumbers(one, other)).isFalse();
    }

    // Wolf

    @Test
    void wolfsAreCountedAndTheirProblemsHaveTheAgentsText() {
        var status = status(
                Scene.nodes(3)
                        .connected("c")
                        .says("a", true, wolf(false, Optional.empty(), "Wolf's API at x is not reachable: refused"))
                        .says("b", true, wolf(true, Optional.of(false), "Wolf's API at x answers 500")),
                null,
                NOW);
        assertThat(status.wolf()).isEqualTo("2/3 reachable, 1 unhealthy");
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
        assertThat(statusAndReason(status, "WolfReachable")).isEqualTo("False WolfUnreachable");
        assertThat(message(status, "WolfReachable")).isEqualTo("a: Wolf's API at x is not reachable: refused");
        assertThat(status.tunnels())
                .extracting(TunnelStatus::reason)
                .containsExactlyInAnyOrder("WolfUnreachable", "WolfUnhealthy", null);
        var unanswered =
                Scene.nodes(3).unanswered("a", true).unanswered("b", true).unanswered("c", true);
        assertThat(status(unanswered, status, NOW.plusSeconds(9))).isEqualTo(status);
    }

    @Test
    void wolfThatAnswersWithErrorsIsUnhealthy() {
        var status =
                status(Scene.nodes(1).says("a", true, wolf(true, Optional.of(false), "it answers 500")), null, NOW);
        assertThat(statusAndReason(status, "WolfReachable")).isEqualTo("False WolfUnhealthy");
        assertThat(statusAndReason(status, "Ready")).isEqualTo("True Connected");
        assertThat(row(status).reason()).isEqualTo("WolfUnhealthy");
        assertThat(row(status).message()).isEqualTo("it answers 500");
    }

    @Test
    void wolfThatNoAgentHasCheckedIsNotCounted() {
        assertThat(status(Scene.nodes(1).starting("a"), null, NOW).wolf()).isNull();
    }

    private static AgentAnswer wolf(boolean reachable, Optional<Boolean> healthy, String error) {
        return Scene.reported("Connected", Optional.of(reachable), healthy, error, Optional.empty());
    }

    // each condition has its own causes

    @Test
    void controlPlaneIsUnknownIfTheCauseLiesInThePod() {
        for (var waiting : new String[] {"", "CrashLoopBackOff"}) {
            var crashed = status(agent(Scene.waiting("agent", waiting, "", Optional.of(BAD_TOKEN))), null, NOW);
            assertThat(statusAndReason(crashed, "ControlPlaneReachable")).isEqualTo("Unknown NotKnown");
            var runs = agent(Scene.restarted("agent", NOW.toString(), BAD_TOKEN));
            var again = status(runs, crashed, NOW.plusSeconds(5));
            assertThat(statusAndReason(again, "ControlPlaneReachable")).isEqualTo("Unknown NotKnown");
            var steady = status(runs, crashed, NOW.plusSeconds(90));
            assertThat(statusAndReason(steady, "ControlPlaneReachable")).isEqualTo("Unknown NotKnown");
            assertThat(row(steady).reason()).isEqualTo("Connecting");
        }
    }

    @Test
    void wolfTunnelInDeletionSaysSoWhateverRuns() {
        var status = status(
                Scene.nodes(1).connected("a").obstacle(new Obstacle.Terminating("held by example.com/f")), null, NOW);
        assertThat(statusAndReason(status, "Ready")).isEqualTo("False Terminating");
        assertThat(statusAndReason(status, "Reconciling")).isEqualTo("True Terminating");
        assertThat(message(status, "Ready")).contains("example.com/f");
    }

    @Test
    void readyAgentBesideAnUnreadyWolfIsConnectedByItsReadiness() {
        var pod = Scene.pod("a", false, false, "", Scene.running("agent"), Scene.running("wolf", false));
        var status = status(
                Scene.nodes(1).add(pod, new AgentAnswer.Unreachable("refused")).declares("wolf"), null, NOW);
        assertThat(row(status).state()).isEqualTo("Connected");
        assertThat(statusAndReason(status, "Ready")).isEqualTo("False ContainerNotReady");
    }

    private static WolfTunnelStatus status(Scene scene, @Nullable WolfTunnelStatus previous, Instant at) {
        return Status.of(scene.observed(), previous, at);
    }

    private static String message(WolfTunnelStatus status, String type) {
        return condition(status, type).getMessage();
    }

    private static TunnelStatus row(WolfTunnelStatus status) {
        assertThat(status.tunnels()).hasSize(1);
        return status.tunnels().getFirst();
    }
}
