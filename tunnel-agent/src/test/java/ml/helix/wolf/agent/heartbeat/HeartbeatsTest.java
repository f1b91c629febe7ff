package ml.helix.wolf.agent.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import ml.helix.wolf.agent.report.ControlPlaneReport;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.EventRecordingLogger;
import org.slf4j.event.Level;
import org.slf4j.event.SubstituteLoggingEvent;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.helpers.SubstituteLogger;

@Timeout(60)
class HeartbeatsTest {
    private final ManualScheduler timers = new ManualScheduler();
    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry(), List.of("http://helix"));
    private final ControlPlaneReport tunnel = report.controlPlanes().getFirst();
    private final BlockingQueue<String> sent = new LinkedBlockingQueue<>();
    private final Queue<SubstituteLoggingEvent> log = new ConcurrentLinkedQueue<>();
    private volatile Optional<Secret> token = Optional.of(Secret.of("the-token"));
    private volatile Answer answer = () -> 200;
    private volatile CountDownLatch wolfAnswers = new CountDownLatch(0);

    private interface Answer {
        int get() throws IOException;
    }

    @BeforeEach
    void start() {
        start(Optional.empty());
    }

    private void start(Optional<Path> cordonFile) {
        new Heartbeats(
                        new Registration(Optional.of(8), Optional.of("eu-1"), Map.of(), cordonFile),
                        this::send,
                        this::readWolf,
                        () -> token,
                        tunnel,
                        timers,
                        timers::nanoTime,
                        new Random(1),
                        new EventRecordingLogger(new SubstituteLogger("test", log, false), log))
                .start();
    }

    @Test
    void theFirstComesWithTheControlConnectionAndTheNextAfter27To33Seconds() throws Exception {
        var answered = new Semaphore(0);
        answer = () -> {
            answered.acquireUninterruptibly();
            return 200;
        };
        tunnel.connected();
        timers.advance(Duration.ZERO);
        assertThat(Waiting.next(sent)).startsWith("the-token {").contains("\"maxSessions\":8,\"zone\":\"eu-1\"");
        int early = 0;
        for (int i = 0; i < 20; i++) {
            answered.release();
            awaitSchedule();
            timers.advance(Duration.ofSeconds(27).minusMillis(1));
            assertThat(timers.waitingTasks()).isEqualTo(1);
            int steps = 0;
            while (timers.waitingTasks() == 1) {
                timers.advance(Duration.ofMillis(200));
                steps++;
            }
            Waiting.next(sent);
            assertThat(steps).isLessThanOrEqualTo(31);
            early += steps < 16 ? 1 : 0;
        }
        answered.release();
        assertThat(early).as("before the middle").isBetween(3, 17);
        assertThat(sent).isEmpty();
    }

    @Test
    void aChangeBeforeTheControlConnectionIsUpDelaysNothing() throws Exception {
        Optional<Secret> later = token;
        token = Optional.empty();
        report.wolfReached();
        timers.advance(Duration.ZERO);
        token = later;
        tunnel.connected();
        Waiting.until("it is sent without any time passing", () -> {
            timers.advance(Duration.ZERO);
            return !sent.isEmpty();
        });
        assertThat(Waiting.next(sent)).contains("\"wolfReachable\":true");
    }

    @Test
    void aChangeOfWolfIsSaidAtOnceAndTwoAtLeast2SecondsApart() throws Exception {
        connect();
        report.wolfUnreachable("gone");
        timers.advance(Duration.ofSeconds(2));
        assertThat(Waiting.next(sent)).contains("\"wolfReachable\":false");
        awaitSchedule();

        timers.advance(Duration.ofSeconds(10));
        report.wolfReached();
        timers.advance(Duration.ZERO);
        assertThat(Waiting.next(sent)).contains("\"wolfReachable\":true");
        awaitSchedule();

        report.wolfAnswered(Optional.of("it answers 500"));
        report.wolfAnswered(Optional.empty());
        report.wolfAnswered(Optional.of("it answers 500"));
        timers.advance(Duration.ofSeconds(2).minusNanos(1));
        assertThat(sent).isEmpty();
        timers.advance(Duration.ofNanos(1));
        assertThat(Waiting.next(sent)).contains("\"wolfHealth\":\"unhealthy\"");
        awaitSchedule();
        timers.advance(Duration.ofSeconds(20));
        assertThat(sent).isEmpty();
    }

    @Test
    void aCordonedNodeIsSaidWithinASecondAndAgainWhenItIsBack(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("cordoned"), "");
        startWithCordonFile(file);
        tunnel.connected();
        timers.advance(Duration.ZERO);
        assertThat(Waiting.next(sent)).as("not known yet").doesNotContain("cordoned");
        awaitSchedules(2);

        Files.writeString(file, "true");
        timers.advance(Duration.ofSeconds(2));
        assertThat(Waiting.next(sent)).contains("\"cordoned\":true");
        awaitSchedules(2);

        Files.delete(file);
        timers.advance(Duration.ofSeconds(5));
        assertThat(sent).as("a file that can't be read changes nothing").isEmpty();
        Files.writeString(file, "");
        timers.advance(Duration.ofSeconds(1));
        assertThat(Waiting.next(sent)).contains("\"cordoned\":false");
    }

    @Test
    void aFileThatSaysNothingMeansAfter15SecondsThatTheNodeIsNotCordoned(@TempDir Path folder) throws Exception {
        startWithCordonFile(Files.writeString(folder.resolve("cordoned"), ""));
        tunnel.connected();
        timers.advance(Duration.ZERO);
        assertThat(Waiting.next(sent)).doesNotContain("cordoned");
        awaitSchedules(2);
        timers.advance(CordonWatch.UNKNOWN_AT_MOST);
        assertThat(Waiting.next(sent)).contains("\"cordoned\":false");
    }

    /** In place of the one without a file. */
    private void startWithCordonFile(Path file) {
        start(Optional.of(file));
    }

    private void awaitSchedules(int tasks) throws Exception {
        Waiting.until("the next is scheduled", () -> timers.waitingTasks() == tasks);
    }

    @Test
    void aChangeWhileAHeartbeatIsSentIsSaidByTheNextAndOneWhileWolfIsReadByTheSame() throws Exception {
        var answered = new CountDownLatch(1);
        answer = () -> {
            awaitLatch(answered);
            return 200;
        };
        wolfAnswers = new CountDownLatch(1);
        tunnel.connected();
        timers.advance(Duration.ZERO);
        report.wolfReached();
        wolfAnswers.countDown();
        assertThat(Waiting.next(sent)).contains("\"wolfReachable\":true");
        report.wolfUnreachable("gone");
        assertThat(timers.waitingTasks()).as("one at a time").isZero();
        answered.countDown();
        awaitNext();
        assertThat(Waiting.next(sent)).contains("\"wolfReachable\":false");
        awaitSchedule();
        timers.advance(Duration.ofSeconds(26));
        assertThat(sent).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 405, 501})
    void aControlPlaneWithoutARegistryTurnsThemOffUntilTheNextConnect(int status) throws Exception {
        answer = () -> status;
        tunnel.connected();
        timers.advance(Duration.ZERO);
        Waiting.next(sent);
        Waiting.until("it is off", () -> !log.isEmpty());
        for (int i = 0; i < 5; i++) {
            report.wolfUnreachable("gone");
            report.wolfReached();
            timers.advance(Duration.ofMinutes(5));
        }
        assertThat(sent).isEmpty();
        assertThat(log).extracting(SubstituteLoggingEvent::getLevel).containsExactly(Level.DEBUG);

        answer = () -> 200;
        tunnel.connected();
        awaitNext();
        awaitSchedule();
    }

    @Test
    void otherFailuresAreLoggedOnceForEachChangeAndHeartbeatsGoOn() throws Exception {
        answer = () -> 500;
        connect();
        another();
        answer = () -> 403;
        another();
        another();
        answer = () -> {
            throw new IOException("cannot connect");
        };
        another();
        another();
        answer = () -> 204;
        another();
        another();
        assertThat(log)
                .extracting(SubstituteLoggingEvent::getLevel)
                .containsExactly(Level.WARN, Level.WARN, Level.WARN, Level.INFO);
        assertThat(log.stream()
                        .map(line -> MessageFormatter.arrayFormat(line.getMessage(), line.getArgumentArray())
                                .getMessage())
                        .map(line -> line.replaceAll("^.*this Wolf: |\\. The tunnel.*$", ""))
                        .toList())
                .isEqualTo(List.of(
                        "the control plane answers 500",
                        "the control plane answers 403",
                        "cannot connect",
                        "http://helix accepts heartbeats again"));
    }

    @Test
    void withoutAControlConnectionNoneIsSent() throws Exception {
        connect();
        token = Optional.empty();
        timers.advance(Duration.ofSeconds(33));
        report.wolfUnreachable("gone");
        timers.advance(Duration.ofMinutes(5));
        assertThat(sent).isEmpty();
        token = Optional.of(Secret.of("another-token"));
        tunnel.connected();
        awaitNext();
        assertThat(Waiting.next(sent)).startsWith("another-token ");
    }

    private void connect() throws Exception {
        tunnel.connected();
        timers.advance(Duration.ZERO);
        Waiting.next(sent);
        awaitSchedule();
    }

    private void another() throws Exception {
        timers.advance(Duration.ofSeconds(33));
        Waiting.next(sent);
        awaitSchedule();
    }

    /** Lets time pass until the next is sent. */
    private void awaitNext() throws Exception {
        Waiting.until("the next is sent", () -> {
            timers.advance(Duration.ofSeconds(2));
            return !sent.isEmpty();
        });
    }

    private void awaitSchedule() throws Exception {
        Waiting.until("the next is scheduled", () -> timers.waitingTasks() == 1);
    }

    private int send(Secret bearer, byte[] document) throws IOException {
        sent.add(bearer.reveal() + " " + new String(document, StandardCharsets.UTF_8));
        return answer.get();
    }

    private WolfFacts readWolf() {
        awaitLatch(wolfAnswers);
        return WolfFacts.NONE;
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
