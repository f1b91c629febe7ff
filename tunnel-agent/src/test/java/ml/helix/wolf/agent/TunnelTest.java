package ml.helix.wolf.agent;

import static ml.helix.wolf.agent.RunningAgent.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import ml.helix.wolf.agent.FakeLinks.FakeLink;
import ml.helix.wolf.agent.control.RunnerToken;
import ml.helix.wolf.agent.control.TokenSource;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.State;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TunnelTest {
    private static final RunnerToken SECOND = token("second");

    private final FakeLinks links = new FakeLinks();
    private final ManualScheduler timers = new ManualScheduler();
    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry());
    private Tunnel tunnel = tunnel(Duration.ofMillis(1));

    @AfterEach
    void close() {
        tunnel.close();
    }

    @Test
    void aFaultOfTheAgentEndsOneConnectionAndNotTheTunnel() throws Exception {
        links.stumble("first");
        tunnel.start();
        links.next();
        await(() -> assertThat(report.notReady().orElse(""))
                .contains("ProtocolError")
                .contains("the agent has a fault: IllegalStateException"));
        links.take("first");
        await(() -> assertThat(report.notReady()).isEmpty());
    }

    @Test
    void stopDoesNotWaitForTheNextAttempt() throws Exception {
        tunnel = tunnel(Duration.ofSeconds(60));
        links.refuse("first", FailureReason.UNAUTHORIZED);
        tunnel.start();
        links.next();
        await(() -> assertThat(report.status().state()).isEqualTo(State.DISCONNECTED));
        assertThat(tunnel.isOver()).as("it waits for 30 s at least").isFalse();
        tunnel.stop();
        assertThat(tunnel.isOver()).isTrue();
        assertThat(links.waiting()).isZero();
    }

    @Test
    void aReplacementIsUpBeforeTheOlderEnds() throws Exception {
        FakeLink first = connected();
        tunnel.replace(SECOND);
        FakeLink second = links.next();

        assertThat(tunnel.inUse()).contains(SECOND);
        assertThat(first.closed()).isFalse();
        timers.advance(Duration.ofSeconds(2));
        assertThat(first.closed()).isTrue();
        assertThat(second.closed()).isFalse();
        assertThat(report.status().connects()).isEqualTo(2);
        assertThat(report.notReady()).isEmpty();
        assertThat(links.waiting()).as("more connections").isZero();
    }

    @Test
    void aReplacementThatIsRefusedChangesNothing() throws Exception {
        FakeLink first = connected();
        links.refuse("second", FailureReason.FORBIDDEN);

        assertThatThrownBy(() -> tunnel.replace(SECOND)).isInstanceOf(TunnelException.class);

        timers.advance(Duration.ofMinutes(1));
        assertThat(first.closed()).isFalse();
        assertThat(report.notReady()).isEmpty();
        assertThat(report.status().lastError()).isEmpty();
        assertThat(tunnel.inUse()).contains(token("first"));
    }

    @Test
    void theOlderMayEndBeforeTheAcceptanceOfTheNewerHasComeThrough() throws Exception {
        FakeLink first = connected();
        var answer = new CountDownLatch(1);
        links.delay("second", answer);
        var replacing = replacing();
        links.next();
        first.lose(FailureReason.DISPLACED);
        answer.countDown();
        replacing.join();

        await(() -> assertThat(tunnel.inUse()).contains(SECOND));
        assertThat(report.status().lastError()).isEmpty();
        assertThat(report.notReady()).isEmpty();
    }

    @Test
    void whereTheOlderEndsAndTheNewerDoesNotComeTheTunnelIsLostAndConnectsAgain() throws Exception {
        FakeLink first = connected();
        var never = new CountDownLatch(1);
        links.delay("second", never);
        replacing();
        FakeLink second = links.next();
        first.lose(FailureReason.DISPLACED);

        FakeLink third = links.next();
        assertThat(third.token()).isEqualTo("first");
        assertThat(second.closed()).isTrue();
        assertThat(report.status().lastError())
                .as("this agent displaced itself")
                .hasValueSatisfying(error -> assertThat(error.reason()).isEqualTo("ConnectionLost"));
        await(() -> assertThat(report.status().connects()).isEqualTo(2));
        never.countDown();
        await(() -> assertThat(tunnel.inUse()).contains(token("first")));
    }

    @Test
    void aConnectionThatAnotherAgentHasDisplacedIsReportedSo() throws Exception {
        connected().lose(FailureReason.DISPLACED);
        await(() -> assertThat(report.status().lastError())
                .hasValueSatisfying(error -> assertThat(error.reason()).isEqualTo("Displaced")));
        assertThat(links.waiting()).as("it does not hurry back").isZero();
    }

    @Test
    void theLossOfAReplacementIsTheLossOfTheTunnel() throws Exception {
        connected();
        tunnel.replace(SECOND);
        timers.advance(Duration.ofSeconds(2));
        links.next().lose();

        links.next();
        await(() -> assertThat(report.status().connects()).isEqualTo(3));
        assertThat(report.status().lastError()).isPresent();
    }

    @Test
    void drainReachesTheOlderConnectionTooAndStopClosesBoth() throws Exception {
        FakeLink first = connected();
        tunnel.replace(SECOND);
        FakeLink second = links.next();

        tunnel.drain();
        assertThat(first.draining()).isTrue();
        assertThat(second.draining()).isTrue();
        tunnel.stop();
        assertThat(first.closed()).isTrue();
        assertThat(second.closed()).isTrue();
        assertThat(tunnel.isOver()).isTrue();
    }

    private FakeLink connected() throws InterruptedException {
        tunnel.start();
        FakeLink first = links.next();
        await(() -> assertThat(report.notReady()).isEmpty());
        return first;
    }

    private CompletableFuture<Void> replacing() {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        tunnel.replace(SECOND);
                    } catch (TunnelException e) {
                        // some tests want that
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }

    private Tunnel tunnel(Duration firstWait) {
        TokenSource tokens = new TokenSource.Fixed(Secret.of("first"));
        return new Tunnel(
                "http://helix", links, tokens, new Backoff(firstWait, new java.util.Random(1)), report, timers);
    }

    private static RunnerToken token(String text) {
        return new RunnerToken(Secret.of(text), Optional.empty());
    }
}
