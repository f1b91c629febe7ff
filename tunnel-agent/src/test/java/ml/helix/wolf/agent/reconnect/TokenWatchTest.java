package ml.helix.wolf.agent.reconnect;

import static ml.helix.wolf.agent.RunningAgent.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.reconnect.FakeControlConnections.FakeControlConnection;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.Status;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class TokenWatchTest {
    private static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);
    private static final Instant LONG_AGO = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant LATER = Instant.parse("2026-01-03T00:00:00Z");

    private final FakeControlConnections connections = new FakeControlConnections();
    private final ManualScheduler timers = new ManualScheduler();
    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry(), List.of("http://helix"));

    @TempDir
    Path folder;

    private ReconnectLoop loop;
    private FakeControlConnection first;

    @BeforeEach
    void connect() throws Exception {
        publish("one", "old", LONG_AGO);
        var file = new TokenSource.InFile(folder.resolve("token"));
        loop = new ReconnectLoop(
                connections,
                file,
                new Backoff(Duration.ofMillis(1), new Random(1)),
                new Random(1),
                report.controlPlanes().getFirst(),
                timers);
        new TokenWatch(
                        file,
                        loop,
                        report.controlPlanes().getFirst(),
                        () -> new Backoff(Duration.ofSeconds(5), new Random(1)),
                        timers,
                        timers::nanoTime)
                .start(Runnable::run);
        loop.start();
        first = connections.next();
        await(() -> assertThat(report.notReady()).isEmpty());
    }

    @AfterEach
    void close() {
        loop.close();
    }

    @Test
    void anUnchangedFileChangesNothing() {
        timers.advance(Duration.ofHours(1));
        assertThat(connections.waiting()).isZero();
        assertThat(first.closed()).isFalse();
        assertThat(report.status().token()).contains(new Status.Token(LONG_AGO, false));
    }

    @Test
    void aNewTokenBehindASwappedLinkReplacesTheConnectionWithin5Seconds() throws Exception {
        publish("two", "new", LATER);
        timers.advance(CHECK_INTERVAL);

        assertThat(connections.next().token()).isEqualTo("new");
        assertThat(report.status().token()).contains(new Status.Token(LATER, false));
        timers.advance(CHECK_INTERVAL);
        assertThat(first.closed()).isTrue();
        assertThat(connections.waiting()).isZero();
    }

    @Test
    void anOlderFileWithAnotherTokenIsNewToo() throws Exception {
        publish("two", "restored", LONG_AGO.minusSeconds(1000));
        timers.advance(CHECK_INTERVAL);
        assertThat(connections.next().token()).isEqualTo("restored");
    }

    @Test
    void aRefusedTokenIsTriedAgainWithGrowingWaits() throws Exception {
        connections.refuse("new", FailureReason.UNAUTHORIZED);
        publish("two", "new", LATER);
        timers.advance(CHECK_INTERVAL);
        connections.next();
        assertThat(report.status().token()).as("time of the token in use").contains(new Status.Token(LONG_AGO, true));
        assertThat(report.notReady()).isEmpty();

        timers.advance(Duration.ofMinutes(1));
        int inTheFirstMinute = connections.waiting();
        assertThat(inTheFirstMinute).isBetween(1, 6);
        timers.advance(Duration.ofMinutes(60));
        assertThat(connections.waiting() - inTheFirstMinute)
                .as("at most every 30 s, at least every 65 s")
                .isBetween(55, 120);
        assertThat(first.closed()).isFalse();

        connections.accept("new");
        timers.advance(Duration.ofSeconds(65));
        assertThat(report.status().token()).contains(new Status.Token(LATER, false));
        assertThat(first.closed()).isTrue();
    }

    @Test
    void aCorrectedFileIsTriedAtTheNextCheck() throws Exception {
        connections.refuse("wrong", FailureReason.FORBIDDEN);
        publish("two", "wrong", LATER);
        timers.advance(Duration.ofMinutes(10));
        while (connections.waiting() > 0) {
            assertThat(connections.next().token()).isEqualTo("wrong");
        }
        publish("three", "right", LATER.plusSeconds(60));
        timers.advance(CHECK_INTERVAL);
        assertThat(connections.next().token()).isEqualTo("right");
        assertThat(report.status().token()).contains(new Status.Token(LATER.plusSeconds(60), false));
    }

    @Test
    void aFileWithItsPreviousTokenAgainIsNotReportedAsRefused() throws Exception {
        connections.refuse("wrong", FailureReason.FORBIDDEN);
        publish("two", "wrong", LATER);
        timers.advance(CHECK_INTERVAL);
        assertThat(report.status().token()).contains(new Status.Token(LONG_AGO, true));
        publish("three", "old", LATER.plusSeconds(60));
        timers.advance(CHECK_INTERVAL);
        assertThat(report.status().token()).contains(new Status.Token(LATER.plusSeconds(60), false));
        assertThat(first.closed()).isFalse();
    }

    @Test
    void aTokenThatCannotBeTriedIsNotRefused() throws Exception {
        connections.refuse("new", FailureReason.CONNECT_FAILURE);
        publish("two", "new", LATER);
        timers.advance(CHECK_INTERVAL);
        connections.next();
        assertThat(report.status().token()).contains(new Status.Token(LONG_AGO, false));
        connections.accept("new");
        timers.advance(Duration.ofSeconds(65));
        assertThat(report.status().token()).contains(new Status.Token(LATER, false));
    }

    @Test
    void anUnreadableOrEmptyFileIsNoNewToken() throws Exception {
        Files.delete(folder.resolve("token"));
        timers.advance(Duration.ofMinutes(1));
        publish("two", " \n", LATER);
        timers.advance(Duration.ofMinutes(1));
        publish("three", "not a token", LATER);
        timers.advance(Duration.ofMinutes(1));
        assertThat(connections.waiting()).isZero();
        assertThat(first.closed()).isFalse();
        assertThat(report.status().token()).contains(new Status.Token(LONG_AGO, false));
    }

    /** As a kubelet does it: the file is a symbolic link, which is swapped for another one. */
    private void publish(String name, String content, Instant at) throws IOException {
        Path file = Files.writeString(folder.resolve(name), content);
        Files.setLastModifiedTime(file, FileTime.from(at));
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        Files.move(link, folder.resolve("token"), StandardCopyOption.ATOMIC_MOVE);
    }
}
