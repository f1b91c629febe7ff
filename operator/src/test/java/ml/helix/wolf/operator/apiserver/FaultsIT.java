package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever happens between the operator and its API server: what changed meanwhile is told afterwards, without a hand. */
@ExtendWith(RealApiServer.class)
class FaultsIT {
    private static final String IP = "127.0.0.31";
    private static final String TOO_MANY =
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n" + "Content-Length: 0\r\n\r\n";

    private RealApiServer.Running server;
    private Trial trial;
    private FaultyApi way;
    private FakeAgent agent;
    private LogLines log;

    @BeforeEach
    void begin(RealApiServer.Running running) {
        server = running;
        trial = new Trial(running);
        way = new FaultyApi(running.config());
        agent = new FakeAgent(IP, 0).connected("a1");
        trial.token("t");
        log = new LogLines();
    }

    @AfterEach
    void end() throws Exception {
        log.close();
        way.noObstacle();
        way.speak();
        trial.close();
        way.close();
        agent.close();
    }

    @Test
    void apiServerThatIsKilledAndComesBackIsFoundAgainAndReadyzSaysSoMeanwhile() throws Exception {
        try (var second = new SecondApiServer(server).start()) {
            tunnelIsUp(trial.setup(second.config()));
            second.kill();
            Eventually.holds(() -> assertThat(trial.operator().notReady())
                    .hasValueSatisfying(why -> assertThat(why).contains("no connection to the API server")));
            nodeIsLost();
            second.start();
            Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
            Eventually.holds(() -> assertThat(trial.operator().notReady()).isEmpty());
            recovers();
            quietLog();
        }
    }

    @Test
    void connectionsThatBreakAgainAndAgainLoseNoChange() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        for (int round = 0; round < 3; round++) {
            way.cut();
            nodeIsLost();
            way.cut();
            Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
            way.cut();
            recovers();
        }
        quietLog();
    }

    @Test
    void watchThatBreaksInTheMiddleOfAnEventLosesNoChange() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        way.tearEvents(3);
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        way.noObstacle();
        recovers();
        quietLog();
    }

    @Test
    void apiServerThatHasTooManyRequestsIsAskedAgainAfterTheTimeThatItNames() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        var refused = new AtomicInteger();
        way.obstacle(head -> {
            boolean refuses = !head.contains("watch=true") && refused.getAndUpdate(n -> Math.min(4, n + 1)) < 4;
            return refuses ? TOO_MANY : head;
        });
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(refused).hasValue(4);
        way.noObstacle();
        recovers();
        quietLog();
    }

    @Test
    void watchesAndListsThatAreRefusedForTooManyRequestsComeBack() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        way.obstacle(head -> head.startsWith("GET") ? TOO_MANY : head);
        way.cut();
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.operator().notReady()).isPresent());
        way.noObstacle();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        Eventually.holds(() -> assertThat(trial.operator().notReady()).isEmpty());
        recovers();
        quietLog();
    }

    @Test
    void watchOfAVersionThatTheApiServerNoLongerHasBeginsAnew() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        var expired = new AtomicInteger();
        way.obstacle(head -> {
            if (!head.contains("watch=true") || expired.get() >= 8) {
                return head;
            }
            expired.incrementAndGet();
            return head.replaceFirst("resourceVersion=\\d+", "resourceVersion=1");
        });
        way.cut();
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(expired.get()).isPositive();
        way.noObstacle();
        recovers();
        quietLog();
    }

    @Test
    void conflictsOnEachWriteOnlyDelayIt() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        var conflicts = new AtomicInteger();
        way.obstacle(head -> head.startsWith("PATCH") && conflicts.getAndIncrement() < 3 ? CONFLICT : head);
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(conflicts.get()).isGreaterThan(3);

        conflicts.set(0);
        trial.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(
                        trial.daemonSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(87));
        quietLog();
    }

    @Test
    void anotherWriterThatNeverRestsIsNoHindranceAndNoReasonToFight() throws Exception {
        tunnelIsUp(trial.setup());
        int before = trial.writes().size();
        var over = new AtomicBoolean();
        var writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; !over.get(); i++) {
                var round = String.valueOf(i);
                Trial.untilNoConflict(() -> trial.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                        .editMetadata()
                        .addToAnnotations("other.example.com/round", round)
                        .endMetadata()
                        .build()));
                Trial.untilNoConflict(() -> trial.admin
                        .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                        .inNamespace(trial.namespace)
                        .withName(Trial.TUNNEL)
                        .edit(tunnel -> annotated(tunnel, round)));
            }
        });
        trial.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(
                        trial.daemonSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(87));
        trial.rolledOut(1, 1);
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        over.set(true);
        writer.join();
        recovers();
        assertThat(trial.writes().stream().skip(before))
                .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                .as("one change of the template, one write")
                .hasSize(1);
        quietLog();
    }

    @Test
    void apiServerThatTakesASecondForEachRequestIsWaitedFor() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()));
        way.slow(Duration.ofSeconds(1));
        nodeIsLost();
        Eventually.holds(() -> assertThat(trial.row("node-1").reason()).isEqualTo("NodeNotReady"));
        recovers();
        quietLog();
    }

    @Test
    void tunnelThatIsDeletedWhileItIsReconciledLeavesNobodyAskingItsAgents() throws Exception {
        tunnelIsUp(trial.setup(way.config().build()).hurried());
        var applying = new CountDownLatch(1);
        var deleted = new CountDownLatch(1);
        way.obstacle(head -> {
            if (head.startsWith("PATCH") && head.contains("/daemonsets/")) {
                applying.countDown();
                await(deleted);
            }
            return head;
        });
        trial.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        await(applying);
        trial.admin
                .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(trial.namespace)
                .withName(Trial.TUNNEL)
                .delete();
        nobodyAsks();
        long reports = statusWrites();
        deleted.countDown();
        Eventually.holds(() -> assertThat(statusWrites()).isGreaterThan(reports));
        nobodyAsks();
    }

    private long statusWrites() {
        return way.requests().stream()
                .filter(request -> request.matches("PATCH .*/status\\?.*"))
                .count();
    }

    /** For as long as four polls take. */
    private void nobodyAsks() throws Exception {
        Eventually.holds(() -> {
            int asked = agent.timesAsked();
            LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            assertThat(agent.timesAsked()).isEqualTo(asked);
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void clockThatJumpsAnHourBackOrForthWritesNothingAndMixesUpNoTimes() throws Exception {
        var clock = new AtomicReference<>(InstantSource.system());
        tunnelIsUp(trial.setup().hurried().clock(() -> clock.get().instant()));
        trial.settled();
        int before = trial.writes().size();
        for (int hours : List.of(-1, 0, 1, 0)) {
            clock.set(InstantSource.offset(InstantSource.system(), Duration.ofHours(hours)));
            int asked = agent.timesAsked();
            double looks = trial.looks();
            trial.touchSecret("hours", "h" + (hours + 1));
            Eventually.holds(() -> assertThat(trial.looks()).isGreaterThan(looks));
            Eventually.holds(() -> assertThat(agent.timesAsked()).isGreaterThan(asked));
        }
        assertThat(trial.writes()).hasSize(before);

        clock.set(InstantSource.offset(InstantSource.system(), Duration.ofHours(-1)));
        var readySince = Instant.parse(trial.condition("Ready").getLastTransitionTime());
        agent.failing("ConnectFailure", "refused");
        trial.podSays("node-1", Trial.running(IP, false));
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False ConnectFailure"));
        assertThat(Instant.parse(trial.condition("Ready").getLastTransitionTime()))
                .as("a later change has no earlier time")
                .isAfterOrEqualTo(readySince);
        assertThat(Instant.parse(trial.row("node-1").since())).isAfterOrEqualTo(readySince);
    }

    @Test
    void errorThatRepeatsForThirtySecondsIsARefusalWhateverItsCode() throws Exception {
        var clock = new AtomicReference<>(InstantSource.system());
        tunnelIsUp(trial.setup(way.config().build()).clock(() -> clock.get().instant()));
        way.obstacle(head -> head.startsWith("PATCH") && head.contains("/daemonsets/") ? QUANTITIES : head);
        trial.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        int tried = refusedApplies();
        Eventually.holds(() -> assertThat(refusedApplies()).isGreaterThan(tried + 1));
        assertThat(trial.verdict("Ready")).as("it may pass").isEqualTo("True Connected");
        assertThat(trial.tunnel().getStatus().observedGeneration()).isEqualTo(1);

        clock.set(InstantSource.offset(InstantSource.system(), Duration.ofSeconds(31)));
        Eventually.holds(() -> assertThat(trial.verdict("Stalled")).isEqualTo("True ApplyRefused"));
        assertThat(trial.condition("Ready").getMessage())
                .contains("DaemonSet " + Trial.AGENTS, "quantities must match the regular expression");
        assertThat(trial.tunnel().getStatus().connected()).as("what runs, runs").isEqualTo(1);

        way.noObstacle();
        trial.apply("{agent: {port: %d, drainSeconds: 78}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
        quietLog();
    }

    private int refusedApplies() {
        return (int) way.requests().stream()
                .filter(request -> request.matches("PATCH .*/daemonsets/.*"))
                .count();
    }

    private static final String QUANTITIES =
            "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                    + "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":500,"
                    + "\"message\":\"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\"}";

    private static final String CONFLICT =
            "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                    + "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Conflict\",\"code\":409,"
                    + "\"message\":\"the object has been modified; please apply your changes to the latest version\"}";

    private static GenericKubernetesResource annotated(GenericKubernetesResource tunnel, String round) {
        tunnel.getMetadata().getAnnotations().put("other.example.com/round", round);
        return tunnel;
    }

    private void tunnelIsUp(Replica.Setup setup) throws Exception {
        trial.operate(setup);
        trial.apply("{agent: {port: %d}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
        trial.podRuns("node-1", IP, true);
        trial.rolledOut(1, 1);
        up();
    }

    private void nodeIsLost() {
        trial.nodeIsLost("node-1", IP);
    }

    private void recovers() throws Exception {
        trial.podSays("node-1", Trial.running(IP, true));
        up();
    }

    private void up() throws Exception {
        Eventually.holds(() -> {
            assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
            assertThat(trial.row("node-1").wolfId()).isEqualTo("a1");
            assertThat(trial.row("node-1").reason()).isNull();
        });
    }

    /** A few lines that say what is wrong, no storm; of a watch that breaks the HTTP client may say two. */
    private void quietLog() {
        long watches = way.requests().stream()
                .filter(request -> request.contains("watch=true"))
                .count();
        assertThat(log.warnings())
                .filteredOn(line -> line.contains("JdkWebSocketImpl"))
                .hasSizeLessThanOrEqualTo((int) Math.max(20, 2 * watches));
        assertThat(log.warnings())
                .filteredOn(line -> !line.contains("VersionUsageUtils") && !line.contains("JdkWebSocketImpl"))
                .hasSizeLessThan(20);
    }
}
