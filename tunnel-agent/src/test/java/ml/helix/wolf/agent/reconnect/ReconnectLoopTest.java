package ml.helix.wolf.agent.reconnect;

import static ml.helix.wolf.agent.RunningAgent.await;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.reconnect.FakeControlConnections.FakeControlConnection;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.State;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ReconnectLoopTest {
    private static final RunnerToken SECOND = token("second");

    private final FakeControlConnections connections = new FakeControlConnections();
    private final ManualScheduler timers = new ManualScheduler();
    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry(), List.of("http://helix"));
    private ReconnectLoop loop = loop(Duration.ofMillis(1));

    @AfterEach
    void close() {
        loop.close();
    }

    @Test
    void aFaultOfTheAgentEndsOneConnectionAndNotTheLoop() throws Exception {
        connections.fault("first");
        loop.start();
        connections.next();
        await(() -> assertThat(report.notReady().orElse(""))
                .contains("ProtocolError")
                .contains("the agent has a fault: IllegalStateException"));
        connections.accept("first");
        await(() -> assertThat(report.notReady()).isEmpty());
    }

    @Test
    void stopDoesNotWaitForTheNextAttempt() throws Exception {
        loop = loop(Duration.ofSeconds(60));
        connections.refuse("first", FailureReason.UNAUTHORIZED);
        loop.start();
        connections.next();
        await(() -> assertThat(report.status().worst().state()).isEqualTo(State.DISCONNECTED));
        assertThat(loop.hasEnded()).as("it waits for 30 s at least").isFalse();
        loop.stop();
        assertThat(loop.hasEnded()).isTrue();
        assertThat(connections.waiting()).isZero();
    }

    @Test
    void aTokenFileThatAppearsEndsTheWaitForIt(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("token");
        loop = loop(Duration.ofSeconds(60), new TokenSource.InFile(file));
        loop.start();
        await(() -> assertThat(report.status().worst().state()).isEqualTo(State.DISCONNECTED));
        Files.writeString(file, "first");
        assertThat(connections.next().token()).isEqualTo("first");
    }

    @Test
    void aReplacementIsUpBeforeTheOlderConnectionEnds() throws Exception {
        FakeControlConnection first = connected();
        loop.replace(SECOND);
        FakeControlConnection second = connections.next();

        assertThat(loop.tokenInUse()).contains(SECOND);
        assertThat(first.closed()).isFalse();
        timers.advance(Duration.ofSeconds(2));
        assertThat(first.closed()).isTrue();
        assertThat(second.closed()).isFalse();
        assertThat(report.status().connects()).isEqualTo(2);
        assertThat(report.notReady()).isEmpty();
        assertThat(connections.waiting()).as("more connections").isZero();
    }

    @Test
    void aReplacementThatIsRefusedChangesNothing() throws Exception {
        FakeControlConnection first = connected();
        connections.refuse("second", FailureReason.FORBIDDEN);

        assertThatThrownBy(() -> loop.replace(SECOND)).isInstanceOf(TunnelException.class);

        timers.advance(Duration.ofMinutes(1));
        assertThat(first.closed()).isFalse();
        assertThat(report.notReady()).isEmpty();
        assertThat(report.status().worst().lastError()).isEmpty();
        assertThat(loop.tokenInUse()).contains(token("first"));
    }

    @Test
    void theOlderConnectionMayEndBeforeTheNewerIsAccepted() throws Exception {
        FakeControlConnection first = connected();
        var answer = new CountDownLatch(1);
        connections.delay("second", answer);
        var replacing = replacing();
        connections.next();
        first.lose(FailureReason.DISPLACED);
        answer.countDown();
        replacing.join();

        await(() -> assertThat(loop.tokenInUse()).contains(SECOND));
        assertThat(report.status().worst().lastError()).isEmpty();
        assertThat(report.notReady()).isEmpty();
    }

    @Test
    void ifTheOlderEndsAndTheNewerDoesNotComeUpTheLoopReconnects() throws Exception {
        FakeControlConnection first = connected();
        var never = new CountDownLatch(1);
        connections.delay("second", never);
        replacing();
        FakeControlConnection second = connections.next();
        first.lose(FailureReason.DISPLACED);

        FakeControlConnection third = connections.next();
        assertThat(third.token()).isEqualTo("first");
        assertThat(second.closed()).isTrue();
        assertThat(report.status().worst().lastError())
                .as("this agent displaced itself")
                .hasValueSatisfying(error -> assertThat(error.reason()).isEqualTo("ConnectionLost"));
        await(() -> assertThat(report.status().connects()).isEqualTo(2));
        never.countDown();
        await(() -> assertThat(loop.tokenInUse()).contains(token("first")));
    }

    @Test
    void aConnectionDisplacedByAnotherAgentIsReportedAsDisplaced() throws Exception {
        connected().lose(FailureReason.DISPLACED);
        await(() -> assertThat(report.status().worst().lastError())
                .hasValueSatisfying(error -> assertThat(error.reason()).isEqualTo("Displaced")));
        assertThat(connections.waiting()).as("it waits before it reconnects").isZero();
    }

    @Test
    void theLossOfAReplacementIsReportedAndReconnected() throws Exception {
        connected();
        loop.replace(SECOND);
        timers.advance(Duration.ofSeconds(2));
        connections.next().lose(FailureReason.CONNECTION_LOST);

        connections.next();
        await(() -> assertThat(report.status().connects()).isEqualTo(3));
        assertThat(report.status().worst().lastError()).isPresent();
    }

    @Test
    void drainReachesTheOlderConnectionTooAndStopClosesBoth() throws Exception {
        FakeControlConnection first = connected();
        loop.replace(SECOND);
        FakeControlConnection second = connections.next();

        loop.drain();
        assertThat(first.draining()).isTrue();
        assertThat(second.draining()).isTrue();
        loop.stop();
        assertThat(first.closed()).isTrue();
        assertThat(second.closed()).isTrue();
        assertThat(loop.hasEnded()).isTrue();
    }

    @Test
    void aReconnectOpensAConnectionWithin5SecondsAndLetsTheOlderGoOnceItIsUp() throws Exception {
        FakeControlConnection first = connected();
        var answer = new CountDownLatch(1);
        connections.delay("first", answer);
        first.askToReconnect();
        timers.advance(Duration.ofSeconds(5));
        connections.next();
        timers.advance(Duration.ofMinutes(1));
        assertThat(first.closed()).as("the newer one isn't up").isFalse();

        answer.countDown();
        await(() -> assertThat(report.status().connects()).isEqualTo(2));
        await(() -> {
            timers.advance(Duration.ofSeconds(2));
            assertThat(first.closed()).isTrue();
        });
        assertThat(report.notReady()).isEmpty();
        assertThat(report.status().worst().lastError()).isEmpty();
    }

    @Test
    void severalReconnectsAreOne() throws Exception {
        FakeControlConnection first = connected();
        for (int i = 0; i < 1000; i++) {
            first.askToReconnect();
        }
        assertThat(timers.waitingTasks()).isEqualTo(1);
        timers.advance(Duration.ofSeconds(5));
        connections.next();
        await(() -> assertThat(report.status().connects()).isEqualTo(2));
        first.askToReconnect();
        timers.advance(Duration.ofMinutes(1));
        assertThat(connections.waiting())
                .as("asked on a connection that was replaced")
                .isZero();
    }

    @Test
    void aReconnectThatFailsLeavesTheConnectionAndIsNotRepeatedUntilAskedAgain() throws Exception {
        FakeControlConnection first = connected();
        connections.refuse("first", FailureReason.SERVER_ERROR);
        first.askToReconnect();
        timers.advance(Duration.ofSeconds(5));
        connections.next();
        timers.advance(Duration.ofMinutes(10));
        assertThat(connections.waiting()).isZero();
        assertThat(first.closed()).isFalse();
        assertThat(report.notReady()).isEmpty();
        assertThat(report.status().worst().lastError()).isEmpty();

        connections.accept("first");
        await(() -> {
            first.askToReconnect();
            timers.advance(Duration.ofSeconds(10));
            assertThat(report.status().connects()).isEqualTo(2);
        });
    }

    @Test
    void anOlderConnectionStaysUntilItsPickupsAreDone() throws Exception {
        FakeControlConnection first = connected();
        first.pickUp(true);
        loop.replace(SECOND);
        timers.advance(Duration.ofSeconds(10));
        assertThat(first.closed()).isFalse();
        first.pickUp(false);
        timers.advance(Duration.ofMillis(250));
        assertThat(first.closed()).isTrue();
    }

    @Test
    void anOlderConnectionWithPickupsGoesWhenTheNewerIsLostOrTheirTimeIsOver() throws Exception {
        FakeControlConnection first = connected();
        first.pickUp(true);
        loop.replace(SECOND);
        FakeControlConnection second = connections.next();
        second.pickUp(true);
        timers.advance(Duration.ofSeconds(2));
        assertThat(first.closed()).isFalse();
        loop.replace(token("third"));
        FakeControlConnection third = connections.next();
        timers.advance(Duration.ofSeconds(2));
        assertThat(second.closed()).isFalse();
        timers.advance(Duration.ofSeconds(20));
        assertThat(first.closed()).isTrue();
        assertThat(second.closed()).isTrue();

        third.pickUp(true);
        loop.replace(SECOND);
        connections.next().lose(FailureReason.CONNECTION_LOST);
        await(() -> {
            timers.advance(Duration.ofSeconds(2));
            assertThat(third.closed()).isTrue();
        });
        connections.next();
    }

    private FakeControlConnection connected() throws InterruptedException {
        loop.start();
        FakeControlConnection first = connections.next();
        await(() -> assertThat(report.notReady()).isEmpty());
        return first;
    }

    private CompletableFuture<Void> replacing() {
        return async(() -> {
            loop.replace(SECOND);
            return null;
        });
    }

    private ReconnectLoop loop(Duration firstWait) {
        return loop(firstWait, new TokenSource.Fixed(Secret.of("first")));
    }

    private ReconnectLoop loop(Duration firstWait, TokenSource tokens) {
        return new ReconnectLoop(
                connections,
                tokens,
                new Backoff(firstWait, new java.util.Random(1)),
                new java.util.Random(1),
                report.controlPlanes().getFirst(),
                timers);
    }

    private static RunnerToken token(String text) {
        return new RunnerToken(Secret.of(text), Optional.empty());
    }
}
