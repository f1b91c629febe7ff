package ml.helix.wolf.operator.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import ml.helix.wolf.operator.AgentPods;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentPollerTest {
    /** In a second that includes the first nanosecond of the next one. */
    private static final int MAX_WITH_BOTH_ENDS = AgentPoller.MAX_PER_SECOND + 1;

    private static final AgentAnswer UNREACHABLE = new AgentAnswer.Unreachable("refused");

    private final ManualScheduler timers = new ManualScheduler();
    private final Map<String, AgentAnswer> answers = new HashMap<>();
    private final List<String> polled = new ArrayList<>();
    private final List<String> changed = new ArrayList<>();
    private final AgentPoller<String> poller = new AgentPoller<>(
            (address, uid) -> {
                polled.add(address.ip());
                return answers.getOrDefault(address.ip(), UNREACHABLE);
            },
            timers,
            Runnable::run,
            () -> 0.5,
            timers::nanoTime,
            changed::add);

    @Test
    void newAgentIsPolledAtOnceAndItsAnswerIsReported() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofMillis(100));
        assertThat(polled).containsExactly("1");
        assertThat(changed).containsExactly("t");
        assertThat(poller.answer("t", pod("1", true))).isEqualTo(reported(1));
    }

    @Test
    void unchangedAgentIsPolledPeriodicallyAndReportedOnce() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofMinutes(10));
        assertThat(polled).hasSizeBetween(110, 130);
        assertThat(changed).hasSize(1);
    }

    @Test
    void watchingTheSameAgentsAgainPollsNone() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        for (int i = 0; i < 100; i++) {
            poller.watch("t", List.of(pod("1", true)));
        }
        timers.advance(Duration.ofSeconds(1));
        assertThat(polled).hasSize(1);
        assertThat(timers.waitingTasks()).isEqualTo(1);
    }

    @Test
    void changeOfReadinessPollsAtOnce() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        poller.watch("t", List.of(pod("1", false)));
        timers.advance(Duration.ofMillis(1));
        assertThat(polled).hasSize(2);
    }

    @Test
    void changeDuringAPollPollsOnceMoreAfterIt() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        var slow = new AgentPoller<String>(
                (address, uid) -> {
                    polled.add(address.ip());
                    return reported(1);
                },
                timers,
                tasks::add,
                () -> 0.5,
                timers::nanoTime,
                changed::add);
        slow.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        slow.watch("t", List.of(pod("1", false)));
        slow.watch("t", List.of(pod("1", true)));
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        timers.advance(Duration.ofMillis(1));
        assertThat(tasks).hasSize(1);
    }

    /** A timer that waits for the lock runs on, although its future is cancelled. */
    private void whileAPollBecomesDue(Runnable change) throws InterruptedException {
        var clock = new Thread(() -> timers.advance(AgentPoller.PERIOD));
        synchronized (poller) {
            clock.start();
            while (clock.getState() != Thread.State.BLOCKED) {
                Thread.onSpinWait();
            }
            change.run();
        }
        clock.join();
    }

    @Test
    void changeWhileAPollBecomesDueMakesNoSecondLoop() throws Exception {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        whileAPollBecomesDue(() -> poller.watch("t", List.of(pod("1", false))));
        timers.advance(Duration.ofMillis(1));
        assertThat(polled).hasSize(2);
        assertThat(timers.waitingTasks()).isEqualTo(1);
    }

    @Test
    void removalWhileAPollBecomesDuePollsNoMore() throws Exception {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        whileAPollBecomesDue(() -> poller.forget("t"));
        timers.advance(AgentPoller.PERIOD);
        assertThat(polled).hasSize(1);
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void agentIsPolledAgainAfterAFaultInAPoll() {
        var faults = new AtomicInteger();
        var faulty = new AgentPoller<String>(
                (address, uid) -> {
                    if (faults.incrementAndGet() <= 2) {
                        throw new IllegalStateException("a fault");
                    }
                    return reported(1);
                },
                timers,
                Runnable::run,
                () -> 0.5,
                timers::nanoTime,
                changed::add);
        faulty.watch("t", List.of(pod("1", true)));
        timers.advance(AgentPoller.SECOND_TRY.plusMillis(100));
        assertThat(faulty.answer("t", pod("1", true)))
                .isEqualTo(new AgentAnswer.Unreachable(
                        "the operator has a fault: IllegalStateException; its log says more"));
        timers.advance(AgentPoller.PERIOD.multipliedBy(2));
        assertThat(faulty.answer("t", pod("1", true))).isEqualTo(reported(1));
        assertThat(changed).containsExactly("t", "t");
    }

    @Test
    void agentThatHasNeverAnsweredIsUnreachableAfterTwoFailures() {
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(AgentPoller.SECOND_TRY.minusMillis(1));
        assertThat(polled).hasSize(1);
        assertThat(poller.answer("t", pod("1", true))).isEqualTo(new AgentAnswer.None());
        timers.advance(Duration.ofMillis(100));
        assertThat(poller.answer("t", pod("1", true))).isEqualTo(UNREACHABLE);
        assertThat(changed).containsExactly("t");
    }

    /** Load alone makes answers late, and must not change a status. */
    @ParameterizedTest(name = "agent ready {0}: kept for {1} s, unreachable within {2} s")
    @CsvSource({"false, 20, 40", "true, 100, 150"})
    void silentAgentKeepsItsAnswerForAWhile(boolean ready, int kept, int over) {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", ready)));
        timers.advance(Duration.ofSeconds(1));
        answers.remove("1");
        changed.clear();
        timers.advance(Duration.ofSeconds(kept));
        assertThat(poller.answer("t", pod("1", ready))).isEqualTo(reported(1));
        assertThat(changed).isEmpty();
        timers.advance(Duration.ofSeconds(over - kept));
        assertThat(poller.answer("t", pod("1", ready))).isEqualTo(UNREACHABLE);
        assertThat(changed).containsExactly("t");
    }

    @Test
    void silentAgentOnALostNodeIsUnreachableAfterTwoFailures() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        answers.remove("1");
        poller.watch("t", List.of(AgentPods.lost("1")));
        timers.advance(Duration.ofMillis(100));
        assertThat(poller.answer("t", AgentPods.lost("1"))).isEqualTo(reported(1));
        timers.advance(AgentPoller.SECOND_TRY);
        assertThat(poller.answer("t", AgentPods.lost("1"))).isEqualTo(UNREACHABLE);
    }

    @Test
    void agentThatAnswersOnePollInTenKeepsItsAnswer() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        changed.clear();
        for (int i = 0; i < 20; i++) {
            answers.remove("1");
            timers.advance(AgentPoller.PERIOD.multipliedBy(9));
            answers.put("1", reported(1));
            timers.advance(AgentPoller.PERIOD.multipliedBy(2));
        }
        assertThat(changed).isEmpty();
    }

    @Test
    void singleFailureIsForgottenByTheNextSuccess() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        for (int i = 0; i < 5; i++) {
            answers.remove("1");
            poller.watch("t", List.of(pod("1", i % 2 == 1)));
            timers.advance(Duration.ofMillis(1));
            answers.put("1", reported(1));
            timers.advance(AgentPoller.SECOND_TRY);
        }
        assertThat(changed).hasSize(1);
    }

    @Test
    void agentWithoutAnAddressOrARunningContainerIsNotPolled() {
        poller.watch("t", List.of(pod("", true), stopped("2")));
        timers.advance(Duration.ofMinutes(1));
        assertThat(polled).isEmpty();
        assertThat(poller.answer("t", stopped("2"))).isEqualTo(new AgentAnswer.None());
    }

    @Test
    void removedAgentsAreNotPolled() {
        poller.watch("t", List.of(pod("1", true), pod("2", true)));
        timers.advance(Duration.ofSeconds(1));
        poller.watch("t", List.of(pod("2", true)));
        polled.clear();
        timers.advance(Duration.ofMinutes(1));
        assertThat(polled).containsOnly("2");
        poller.forget("t");
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void thousandsArePolledAtABoundedRateFromTheStart() {
        var random = new Random(7);
        var spread = new AgentPoller<String>(
                (address, uid) -> {
                    polled.add(address.ip());
                    return reported(1);
                },
                timers,
                Runnable::run,
                random::nextDouble,
                timers::nanoTime,
                changed::add);
        spread.watch("t", fleet(true));
        for (int second = 0; second < 150; second++) {
            int before = polled.size();
            timers.advance(Duration.ofSeconds(1));
            assertThat(polled.size() - before).isLessThanOrEqualTo(MAX_WITH_BOTH_ENDS);
        }
        assertThat(polled).hasSizeBetween(11_000, 17_000);
        assertThat(polled.stream().distinct()).hasSize(5_000);
        spread.close();
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void thousandsThatKeepChangingArePolledAtABoundedRateEachInItsTurn() {
        IntStream.range(0, 5_000).forEach(i -> answers.put("10." + i, reported(1)));
        poller.watch("t", fleet(true));
        timers.advance(Duration.ofMinutes(1));
        polled.clear();
        for (int second = 0; second < 30; second++) {
            int before = polled.size();
            poller.watch("t", fleet(second % 2 == 0));
            timers.advance(Duration.ofSeconds(1));
            assertThat(polled.size() - before).isLessThanOrEqualTo(MAX_WITH_BOTH_ENDS);
        }
        assertThat(polled.stream().distinct()).hasSize(5_000);
    }

    @Test
    void singleChangeAmongThousandsIsPolledAtOnce() {
        IntStream.range(0, 5_000).forEach(i -> answers.put("10." + i, reported(1)));
        poller.watch("t", fleet(true));
        timers.advance(Duration.ofMinutes(5));
        polled.clear();
        var changed = new ArrayList<>(fleet(true));
        changed.set(4_000, pod("10.4000", false));
        poller.watch("t", changed);
        timers.advance(Duration.ofMillis(100));
        assertThat(polled).contains("10.4000");
    }

    @Test
    void noticeAmongThousandsIsFollowedAtOnce() {
        IntStream.range(0, 5_000).forEach(i -> answers.put("10." + i, reported(1)));
        poller.watch("t", fleet(true));
        timers.advance(Duration.ofMinutes(5));
        polled.clear();
        assertThat(poller.noticed(pod("10.4000", true).uid())).isTrue();
        timers.advance(AgentPoller.LEAST_INTERVAL);
        assertThat(polled).containsOnlyOnce("10.4000");
    }

    @Test
    void noticesPollAnAgentOnceASecondAtMost() {
        answers.put("1", reported(1));
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(10));
        polled.clear();
        for (int i = 0; i < 10_000; i++) {
            poller.noticed(pod("1", true).uid());
            timers.advance(Duration.ofMillis(1));
        }
        assertThat(polled).hasSizeBetween(9, 11);
        assertThat(timers.waitingTasks()).isEqualTo(1);
    }

    @Test
    void noticeDuringAPollIsFollowedAfterIt() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        var slow = new AgentPoller<String>(
                (address, uid) -> {
                    polled.add(uid);
                    return reported(1);
                },
                timers,
                tasks::add,
                () -> 0.5,
                timers::nanoTime,
                changed::add);
        slow.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofSeconds(1));
        slow.noticed(pod("1", true).uid());
        tasks.remove().run();
        timers.advance(AgentPoller.LEAST_INTERVAL);
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(polled).containsExactly(pod("1", true).uid(), pod("1", true).uid());
    }

    @Test
    void noticeOfAnAgentThatIsNotPolledIsUnknown() {
        poller.watch("t", List.of(pod("1", true)));
        assertThat(poller.noticed("stranger")).isFalse();
        poller.forget("t");
        assertThat(poller.noticed(pod("1", true).uid())).isFalse();
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void concurrentPollsAreBoundedByRateAndTimeout() throws Exception {
        var open = new Semaphore(0);
        var underWay = new AtomicInteger();
        var most = new AtomicInteger();
        var full = new CountDownLatch(AgentPoller.MAX_CONCURRENT);
        var answered = new CountDownLatch(1_000);
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            var busy = new AgentPoller<String>(
                    (address, uid) -> {
                        most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                        full.countDown();
                        open.acquireUninterruptibly();
                        underWay.decrementAndGet();
                        answered.countDown();
                        return reported(1);
                    },
                    timers,
                    tasks,
                    () -> 0.5,
                    timers::nanoTime,
                    owner -> {});
            busy.watch("t", fleet(true).subList(0, 1_000));
            timers.advance(Duration.ofSeconds(12));
            assertThat(full.await(30, TimeUnit.SECONDS)).isTrue();
            open.release(1_000);
            assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
            busy.close();
        }
        assertThat(most.get()).isEqualTo(AgentPoller.MAX_CONCURRENT);
    }

    private static List<AgentPod> fleet(boolean ready) {
        return IntStream.range(0, 5_000).mapToObj(i -> pod("10." + i, ready)).toList();
    }

    @Test
    void closedPollerPollsNone() {
        poller.watch("t", List.of(pod("1", true)));
        poller.close();
        poller.close();
        poller.watch("t", List.of(pod("1", true)));
        timers.advance(Duration.ofMinutes(1));
        assertThat(polled).isEmpty();
    }

    private static AgentAnswer reported(long connects) {
        return new AgentAnswer.Reported(new AgentReport(
                "Connected",
                "",
                "id",
                Optional.of(true),
                Optional.of(true),
                "",
                Optional.of(connects),
                Optional.empty(),
                "1",
                Optional.empty(),
                List.of()));
    }

    private static AgentPod pod(String ip, boolean ready) {
        return AgentPods.at(ip, ready, true);
    }

    private static AgentPod stopped(String ip) {
        return AgentPods.at(ip, false, false);
    }
}
