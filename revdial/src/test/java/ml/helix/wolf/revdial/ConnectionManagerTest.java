package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import ml.helix.wolf.revdial.ControlMessage.KeepAlive;
import ml.helix.wolf.revdial.ControlMessage.Reconnect;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionManagerTest {
    private static final String ID = "wolf-gpu-1";
    private static final Duration GRACE = Duration.ofSeconds(25);
    private static final Duration DIAL = Duration.ofSeconds(30);

    private final ManualScheduler timers = new ManualScheduler();
    private final ConnectionManager manager = new ConnectionManager(GRACE, DIAL, timers, timers::nanoTime);

    @Test
    void anIdOrAllAreAskedToReconnectOnTheirCurrentConnectionAndNothingElseChanges() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> running = dial(ID);
        older.pickUp(older.nextAsk());
        Waiting.result(running);
        FakeAgent newer = new FakeAgent(manager, ID);
        FakeAgent other = new FakeAgent(manager, "wolf-other");

        assertThat(manager.reconnect(ID)).isTrue();
        assertThat(manager.reconnect("wolf-unknown")).isFalse();
        assertThat(manager.reconnectAll()).isEqualTo(2);
        assertThat(newer.control.next()).isEqualTo(new KeepAlive());
        assertThat(newer.control.next()).isEqualTo(new Reconnect());
        assertThat(newer.control.next()).isEqualTo(new Reconnect());
        assertThat(other.control.next()).isEqualTo(new KeepAlive());
        assertThat(other.control.next()).isEqualTo(new Reconnect());
        assertThat(older.control.sent).isEmpty();
        assertThat(manager.stats().activeConnections()).isEqualTo(2);
        dial(ID);
        assertThat(newer.nextAsk().dialerId()).isEqualTo(newer.dialer.id());
    }

    // Dialling

    @Test
    void aDialGetsTheDataConnectionThatTheAgentPicksUp() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        ByteStream atAgent = agent.pickUp(agent.nextAsk());
        ByteStream atCaller = Waiting.result(dial);
        atCaller.write(new byte[] {1, 2, 3}, 0, 3);
        byte[] got = new byte[3];
        assertThat(atAgent.read(got, 0, 3)).isEqualTo(3);
        assertThat(got).containsExactly(1, 2, 3);
        atAgent.write(new byte[] {9}, 0, 1);
        assertThat(atCaller.read(got, 0, 3)).isEqualTo(1);
        atCaller.close();
        assertThat(atAgent.read(got, 0, 1)).isEqualTo(-1);
        assertThat(timers.waitingTasks()).as("the keep-alive's timer alone").isEqualTo(1);
    }

    @Test
    void eachDialHasARequestIdOfItsOwnAndGetsItsOwnConnection() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> first = dial(ID);
        FakeAgent.Ask firstAsk = agent.nextAsk();
        CompletableFuture<ByteStream> second = dial(ID);
        FakeAgent.Ask secondAsk = agent.nextAsk();
        assertThat(firstAsk.requestId()).isNotEqualTo(secondAsk.requestId());
        assertThat(firstAsk.dialerId()).isEqualTo(secondAsk.dialerId()).isEqualTo(agent.dialer.id());

        agent.pickUp(secondAsk).write(new byte[] {2}, 0, 1);
        assertThat(first).isNotDone();
        agent.pickUp(firstAsk).write(new byte[] {1}, 0, 1);
        byte[] got = new byte[1];
        Waiting.result(second).read(got, 0, 1);
        assertThat(got).containsExactly(2);
        Waiting.result(first).read(got, 0, 1);
        assertThat(got).containsExactly(1);
    }

    @Test
    void dialerIdsAreNeverTheSame() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            ids.add(new FakeAgent(manager, "wolf-" + i).dialer.id());
        }
        assertThat(ids).hasSize(100);
    }

    @Test
    void anIdThatNeverConnectedHasNoConnection() throws Exception {
        assertThat(failure(dial("nobody"))).isEqualTo(new NoConnection());
        assertThat(timers.waitingTasks()).isZero();
        assertThat(manager.runners()).isEmpty();
    }

    @Test
    void aDialThatNobodyPicksUpTimesOutAndItsLatePickupIsClosedAtOnce() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask ask = agent.nextAsk();
        awaitTimers(2);
        timers.advance(DIAL.minusNanos(1));
        assertThat(dial).isNotDone();
        timers.advance(Duration.ofNanos(1));
        assertThat(failure(dial)).isEqualTo(new DialTimeout(DIAL));
        assertThat(agent.isRefused(ask)).isTrue();
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
    }

    @Test
    void aSecondPickupOfTheSameDialIsClosedAtOnce() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask ask = agent.nextAsk();
        agent.pickUp(ask);
        assertThat(agent.isRefused(ask)).isTrue();
        Waiting.result(dial).write(new byte[1], 0, 1);
    }

    @Test
    void aPickupWithoutOrWithAWrongRequestIdIsClosedAtOnce() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask ask = agent.nextAsk();
        assertThat(agent.isRefused(new FakeAgent.Ask("", ask.dialerId(), ""))).isTrue();
        assertThat(agent.isRefused(new FakeAgent.Ask("", ask.dialerId(), "0".repeat(32))))
                .isTrue();
        assertThat(agent.isRefused(new FakeAgent.Ask("", "0".repeat(32), ask.requestId())))
                .isTrue();
        assertThat(dial).isNotDone();
        agent.pickUp(ask);
        Waiting.result(dial);
    }

    @Test
    void aCallerThatGivesUpLeavesNothingBehind() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                outcome.completeExceptionally(
                        new AssertionError("got " + manager.dials().dial(ID)));
            } catch (Exception e) {
                outcome.complete(e);
            }
        });
        FakeAgent.Ask ask = agent.nextAsk();
        caller.interrupt();
        assertThat(Waiting.result(outcome)).isInstanceOf(InterruptedException.class);
        assertThat(agent.isRefused(ask)).isTrue();
        assertThat(timers.waitingTasks()).as("the keep-alive's timer alone").isEqualTo(1);
    }

    // Pickup-failed

    @Test
    void aPickupFailedReachesTheDialItIsForWithTheAgentsReasonAndNoOther() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> first = dial(ID);
        FakeAgent.Ask firstAsk = agent.nextAsk();
        CompletableFuture<ByteStream> second = dial(ID);
        FakeAgent.Ask secondAsk = agent.nextAsk();
        agent.pickupFailed(secondAsk, "Wolf is down\r\nfaked: line");
        assertThat(failure(second)).isEqualTo(new PickupFailed("Wolf is down\r\nfaked: line"));
        assertThat(first).isNotDone();
        assertThat(agent.isRefused(secondAsk)).isTrue();
        agent.pickUp(firstAsk);
        Waiting.result(first);
    }

    @Test
    void anotherAgentCannotFailADialThatIsNotItsOwn() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        FakeAgent other = new FakeAgent(manager, "wolf-other");
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask ask = agent.nextAsk();
        other.pickupFailed(ask, "mischief");
        assertThat(dial).isNotDone();
        agent.pickUp(ask);
        Waiting.result(dial);
    }

    @Test
    void unknownCommandsOfAnAgentAndPickupFailedWithoutARequestAreIgnored() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask ask = agent.nextAsk();
        agent.say("{\"command\":\"dance\"}\n{\"command\":\"pickup-failed\",\"err\":\"?\"}\n"
                + "{\"command\":\"pickup-failed\",\"connPath\":\"/revdial?revdial.req=\",\"err\":\"?\"}\n"
                + "{\"command\":\"conn-ready\",\"connPath\":\"" + ask.connPath()
                + "\"}\n{\"command\":\"keep-alive\"}\n");
        assertThat(dial).isNotDone();
        assertThat(agent.control.isOpen()).isTrue();
        agent.pickUp(ask);
        Waiting.result(dial);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense\n", "\n", "[]\n"})
    void aLineThatIsNotAJsonObjectEndsTheControlConnection(String line) throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        agent.say(line);
        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.PROTOCOL_ERROR);
        assertThat(manager.stats()).isEqualTo(new Stats(0, 1, 0, 0));
    }

    @Test
    void aLineOfMoreThan4096BytesEndsTheControlConnection() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        agent.say("{\"command\":\"x\"" + " ".repeat(4081));
        assertThat(agent.control.isOpen()).isTrue();
        agent.say("}\n");
        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.PROTOCOL_ERROR);
    }

    @Test
    void anAgentThatSaysItIsStoppingIsSeenAsDraining() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, true, false, false, false, 0));
        CompletableFuture<ByteStream> dial = dial(ID);
        agent.pickupFailed(agent.nextAsk(), "the agent is stopping");
        failure(dial);
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, true, false, true, false, 0));
        new FakeAgent(manager, ID);
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, true, false, false, false, 0));
    }

    // Keep-alive

    @Test
    void aKeepAliveIsSentAtTheStartAndEvery18Seconds() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        assertThat(agent.control.next()).isEqualTo(new KeepAlive());
        settled(agent);
        for (int i = 0; i < 10; i++) {
            timers.advance(Duration.ofSeconds(18).minusNanos(1));
            assertThat(agent.control.sent).isEmpty();
            timers.advance(Duration.ofNanos(1));
            assertThat(agent.control.next()).isEqualTo(new KeepAlive());
            settled(agent);
        }
    }

    @Test
    void theKeepAliveComesBeforeTheFirstConnReady() throws Exception {
        FakeAgent before = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        before.nextAsk();
        FakeAgent agent = new FakeAgent(manager, ID);
        assertThat(agent.control.next()).isEqualTo(new KeepAlive());
        agent.pickUp(agent.nextAsk());
        Waiting.result(dial);
    }

    @Test
    void anAgentThatTakesNoLineFromOneKeepAliveToTheNextIsDropped() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        settled(agent);
        agent.control.mayTake = new CompletableFuture<>();
        timers.advance(Duration.ofSeconds(18));
        assertThat(agent.control.isOpen()).isTrue();
        timers.advance(Duration.ofSeconds(18));
        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.KEEP_ALIVE_TIMEOUT);
        assertThat(manager.stats().gracePeriodEntries()).isEqualTo(1);
    }

    @Test
    void aDialToAnAgentThatTakesNoLineDoesNotTakeLongerThanAnyOther() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        settled(agent);
        agent.control.mayTake = new CompletableFuture<>();
        CompletableFuture<ByteStream> dial = dial(ID);
        awaitTimers(2);
        timers.advance(DIAL);
        assertThat(failure(dial)).isEqualTo(new DialTimeout(DIAL));
    }

    @Test
    void aTransportThatFailsToSendEndsTheControlConnection() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        settled(agent);
        agent.control.mayTake = CompletableFuture.failedFuture(new IOException("gone"));
        timers.advance(Duration.ofSeconds(18));
        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.CLOSED);
        assertThat(manager.stats().gracePeriodEntries()).isEqualTo(1);
    }

    // Grace period

    @Test
    void aDialWaitsForAnIdThatDroppedToComeBack() throws Exception {
        new FakeAgent(manager, ID).dialer.disconnected();
        CompletableFuture<ByteStream> dial = dial(ID);
        awaitPending(1);
        assertThat(manager.stats()).isEqualTo(new Stats(0, 1, 1, 1));
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, false, true, false, false, 0));
        timers.advance(Duration.ofSeconds(5));
        FakeAgent back = new FakeAgent(manager, ID);
        back.pickUp(back.nextAsk());
        Waiting.result(dial);
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
    }

    @Test
    void aDialThatWaitsForItsPickupWhenTheIdDropsIsAskedForAgainWhenItIsBack() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask lost = agent.nextAsk();
        agent.dialer.disconnected();
        assertThat(agent.isRefused(lost)).isTrue();
        FakeAgent back = new FakeAgent(manager, ID);
        back.pickUp(back.nextAsk());
        Waiting.result(dial);
    }

    @Test
    void anIdThatDoesNotComeBackInItsGracePeriodFailsItsDialsAndIsForgotten() throws Exception {
        new FakeAgent(manager, ID).dialer.disconnected();
        CompletableFuture<ByteStream> dial = dial(ID);
        awaitPending(1);
        timers.advance(GRACE.minusNanos(1));
        assertThat(dial).isNotDone();
        timers.advance(Duration.ofNanos(1));
        assertThat(failure(dial)).isEqualTo(new ReconnectTimeout(GRACE));
        assertThat(failure(dial(ID))).isEqualTo(new NoConnection());
        assertThat(manager.stats()).isEqualTo(new Stats(0, 0, 0, 0));
        assertThat(manager.runners()).isEmpty();
    }

    @Test
    void aGracePeriodThatEndedByAReconnectDoesNotCutTheNextOneShort() throws Exception {
        new FakeAgent(manager, ID).dialer.disconnected();
        timers.advance(GRACE.minusSeconds(1));
        new FakeAgent(manager, ID).dialer.disconnected();
        CompletableFuture<ByteStream> dial = dial(ID);
        awaitPending(1);
        timers.advance(GRACE.minusNanos(1));
        assertThat(dial).isNotDone();
        timers.advance(Duration.ofNanos(1));
        assertThat(failure(dial)).isEqualTo(new ReconnectTimeout(GRACE));
    }

    @Test
    void atMostAHundredDialsWaitForOneIdAndAnotherIdHasItsOwnHundred() throws Exception {
        new FakeAgent(manager, ID).dialer.disconnected();
        new FakeAgent(manager, "wolf-other").dialer.disconnected();
        List<CompletableFuture<ByteStream>> dials = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            dials.add(dial(ID));
        }
        awaitPending(100);
        assertThat(failure(dial(ID))).isEqualTo(new MaxPendingDials(100));
        CompletableFuture<ByteStream> other = dial("wolf-other");
        awaitPending(101);
        assertThat(manager.stats()).isEqualTo(new Stats(0, 2, 101, 2));

        FakeAgent back = new FakeAgent(manager, ID);
        for (int i = 0; i < 100; i++) {
            back.pickUp(back.nextAsk());
        }
        for (CompletableFuture<ByteStream> dial : dials) {
            Waiting.result(dial);
        }
        assertThat(other).isNotDone();
    }

    @Test
    void whenAnIdDropsWithMoreDialsUnderWayThanMayWaitTheOldestHundredWait() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        List<CompletableFuture<ByteStream>> dials = new ArrayList<>();
        for (int i = 0; i < 103; i++) {
            dials.add(dial(ID));
            agent.nextAsk();
        }
        agent.dialer.disconnected();
        for (CompletableFuture<ByteStream> young : dials.subList(100, 103)) {
            assertThat(failure(young)).isEqualTo(new MaxPendingDials(100));
        }
        assertThat(dials.subList(0, 100)).noneMatch(CompletableFuture::isDone);
        assertThat(manager.stats()).isEqualTo(new Stats(0, 1, 100, 1));
    }

    @Test
    void aDialTakesAtMostItsTimeInAllTheWaitForTheIdIncluded() throws Exception {
        ConnectionManager patient = new ConnectionManager(Duration.ofSeconds(300), DIAL, timers, timers::nanoTime);
        new FakeAgent(patient, ID).dialer.disconnected();
        CompletableFuture<ByteStream> dial = Waiting.async(() -> patient.dials().dial(ID));
        awaitTimers(2);
        timers.advance(DIAL.minusSeconds(1));
        FakeAgent back = new FakeAgent(patient, ID);
        FakeAgent.Ask ask = back.nextAsk();
        timers.advance(Duration.ofSeconds(1));
        assertThat(failure(dial)).isEqualTo(new DialTimeout(DIAL));
        Pipe late = new Pipe();
        assertThat(patient.dials().deliver(ask.dialerId(), ask.requestId(), late.left))
                .isFalse();
        assertThat(Pipe.isClosed(late.left)).isTrue();
    }

    // Two connections with the same id

    @Test
    void aNewerControlConnectionWinsAtOnceAndAnIdleOlderOneIsClosed() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        FakeAgent newer = new FakeAgent(manager, ID);
        assertThat(older.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
        CompletableFuture<ByteStream> dial = dial(ID);
        newer.pickUp(newer.nextAsk());
        Waiting.result(dial);
        older.dialer.disconnected();
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
    }

    @Test
    void oneAgentThatReplacesItsConnectionAsOftenAsItLikesIsNoConflict() {
        FakeAgent agent = new FakeAgent(manager, ID, new RemoteAgent("one", "192.0.2.1", 1000));
        for (int port = 1001; port < 1010; port++) {
            FakeAgent newer = new FakeAgent(manager, ID, new RemoteAgent("one", "192.0.2." + port % 3, port));
            agent.dialer.closeConfirmed();
            agent = newer;
        }
        assertThat(displaced()).isFalse();
    }

    @Test
    void anAgentThatIsRestartedOnAnotherHostIsNoConflict() {
        FakeAgent first = new FakeAgent(manager, ID, new RemoteAgent("one", "192.0.2.1", 1));
        FakeAgent second = new FakeAgent(manager, ID, new RemoteAgent("two", "192.0.2.2", 1));
        first.dialer.closeConfirmed();
        new FakeAgent(manager, ID, new RemoteAgent("three", "192.0.2.3", 1));
        second.dialer.closeConfirmed();
        assertThat(displaced()).isFalse();
    }

    @Test
    void anAgentWhoseAddressChangesBecauseItsConnectionsDieIsNoConflict() {
        for (String host : List.of("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2")) {
            new FakeAgent(manager, ID, new RemoteAgent("", host, 1));
        }
        assertThat(displaced()).as("no agent confirmed that it was displaced").isFalse();
    }

    @ParameterizedTest
    @CsvSource({"one,two,192.0.2.1,192.0.2.1", "'','',192.0.2.1,192.0.2.2"})
    void twoAgentsThatDisplaceOneAnotherAreAConflict(String one, String two, String here, String there) {
        FakeAgent first = new FakeAgent(manager, ID, new RemoteAgent(one, here, 1));
        FakeAgent second = new FakeAgent(manager, ID, new RemoteAgent(two, there, 2));
        first.dialer.closeConfirmed();
        assertThat(displaced()).isFalse();
        new FakeAgent(manager, ID, new RemoteAgent(one, here, 3));
        second.dialer.closeConfirmed();
        assertThat(displaced()).isTrue();
    }

    @Test
    void aConflictIsOverThreeMinutesAfterTheLastDisplacement() {
        DisplacementConflicts displacements = new DisplacementConflicts();
        RemoteAgent one = new RemoteAgent("one", "192.0.2.1", 1);
        long window = DisplacementConflicts.WINDOW.toNanos();
        displacements.confirmed(one, 0);
        assertThat(displacements.displacedBy(one, window - 1)).isTrue();
        assertThat(displacements.inConflict(2 * window - 2)).isTrue();
        assertThat(displacements.inConflict(2 * window - 1)).isFalse();
        assertThat(displacements.displacedBy(one, 2 * window))
                .as("its displacement is too long ago")
                .isFalse();
    }

    @Test
    void aConflictIsReportedOnceAMinuteAtMost() {
        DisplacementConflicts displacements = new DisplacementConflicts();
        RemoteAgent one = new RemoteAgent("one", "192.0.2.1", 1);
        RemoteAgent two = new RemoteAgent("two", "192.0.2.1", 2);
        int reports = 0;
        for (long second = 0; second < 600; second += 10) {
            long now = Duration.ofSeconds(second).toNanos();
            RemoteAgent newer = second % 20 == 0 ? one : two;
            reports += displacements.displacedBy(newer, now) ? 1 : 0;
            displacements.confirmed(newer.equals(one) ? two : one, now);
        }
        assertThat(reports).isEqualTo(10);
    }

    private boolean displaced() {
        return manager.runner(ID).orElseThrow().displaced();
    }

    @Test
    void aTrialIsInNothingThatIsKept() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        FakeControl trial = new FakeControl();
        LocalDialer dialer = manager.trialConnected(ID, new RemoteAgent("", "192.0.2.1", 2), trial);
        assertThat(trial.next()).isEqualTo(new KeepAlive());
        assertThat(agent.control.isOpen()).isTrue();
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));

        dialer.disconnected();
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
        agent.dialer.disconnected();
        FakeControl second = new FakeControl();
        manager.trialConnected(ID, new RemoteAgent("", "192.0.2.1", 3), second);
        assertThat(manager.stats())
                .as("the agent that dropped has a grace entry")
                .isEqualTo(new Stats(0, 1, 0, 0));
        manager.close();
        assertThat(second.cause()).isEqualTo(ControlEnd.Cause.CLOSED);
    }

    @Test
    void dialsThatWaitForAPickupAreAskedForAgainOnTheNewerConnectionOnly() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> running = dial(ID);
        older.pickUp(older.nextAsk());
        Waiting.result(running);
        CompletableFuture<ByteStream> dial = dial(ID);
        FakeAgent.Ask onOlder = older.nextAsk();

        FakeAgent newer = new FakeAgent(manager, ID);
        FakeAgent.Ask onNewer = newer.nextAsk();
        assertThat(onNewer.dialerId()).isNotEqualTo(onOlder.dialerId());
        older.pickupFailed(onOlder, "stopping");
        assertThat(older.isRefused(onOlder)).isTrue();
        assertThat(dial).isNotDone();
        newer.pickUp(onNewer);
        Waiting.result(dial);
    }

    @Test
    void anOlderConnectionIsKeptAliveUntilItsRunningStreamsAreDoneAndThenClosed() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> first = dial(ID);
        older.pickUp(older.nextAsk());
        CompletableFuture<ByteStream> second = dial(ID);
        older.pickUp(older.nextAsk());
        FakeAgent newer = new FakeAgent(manager, ID);
        assertThat(older.control.isOpen()).isTrue();
        assertThat(manager.dials().dialerState(older.dialer.id())).isEqualTo(DialerState.UP);
        settled(older);
        settled(newer);
        timers.advance(Duration.ofSeconds(18));
        assertThat(older.control.next()).isEqualTo(new KeepAlive());

        Waiting.result(first).close();
        Waiting.result(first).close();
        assertThat(older.control.isOpen()).isTrue();
        Waiting.result(second).close();
        assertThat(older.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
        assertThat(newer.control.isOpen()).isTrue();
        assertThat(manager.dials().dialerState(older.dialer.id())).isEqualTo(DialerState.EXPIRED);
    }

    @Test
    void anOlderConnectionThatDropsStartsNoGracePeriod() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> running = dial(ID);
        older.pickUp(older.nextAsk());
        Waiting.result(running);
        new FakeAgent(manager, ID);
        older.dialer.disconnected();
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
        Waiting.result(running).close();
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, true, false, false, false, 0));
    }

    @Test
    void streamsOutliveTheirControlConnectionAndAreCountedUntilTheyAreClosed() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> dial = dial(ID);
        ByteStream atAgent = agent.pickUp(agent.nextAsk());
        ByteStream stream = Waiting.result(dial);
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, true, false, false, false, 1));
        agent.dialer.disconnected();
        timers.advance(GRACE);
        stream.write(new byte[] {5}, 0, 1);
        assertThat(atAgent.read(new byte[1], 0, 1)).isEqualTo(1);
        assertThat(manager.runners()).containsExactly(new RunnerState(ID, false, false, false, false, 1));
        assertThat(failure(dial(ID))).isEqualTo(new NoConnection());
        stream.close();
        assertThat(manager.runners()).isEmpty();
    }

    // Dialer ids

    @Test
    void anExpiredDialerCanBeToldFromAnUnknownOne() {
        FakeAgent agent = new FakeAgent(manager, ID);
        assertThat(manager.dials().dialerState(agent.dialer.id())).isEqualTo(DialerState.UP);
        agent.dialer.disconnected();
        assertThat(manager.dials().dialerState(agent.dialer.id())).isEqualTo(DialerState.EXPIRED);
        assertThat(manager.dials().dialerState("0".repeat(32))).isEqualTo(DialerState.UNKNOWN);
    }

    @Test
    void expiredDialersAreForgottenBeyondALimit() {
        ExpiredDialers expired = new ExpiredDialers();
        for (int i = 0; i <= ExpiredDialers.LIMIT; i++) {
            expired.add("dialer-" + i);
        }
        assertThat(expired.contains("dialer-0")).isFalse();
        assertThat(expired.contains("dialer-1")).isTrue();
        assertThat(expired.contains("dialer-" + ExpiredDialers.LIMIT)).isTrue();
    }

    // Many dials at once, and closing

    @Test
    void fiveHundredDialsAtOnceLoseNone() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        List<CompletableFuture<ByteStream>> dials = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            dials.add(dial(ID));
        }
        Set<String> requests = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            FakeAgent.Ask ask = agent.nextAsk();
            requests.add(ask.requestId());
            agent.pickUp(ask);
        }
        assertThat(requests).hasSize(500);
        for (CompletableFuture<ByteStream> dial : dials) {
            Waiting.result(dial);
        }
        assertThat(manager.runner(ID).orElseThrow().streams()).isEqualTo(500);
        for (CompletableFuture<ByteStream> dial : dials) {
            Waiting.result(dial).close();
        }
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
        Waiting.until("only the keep-alive is left", () -> timers.waitingTasks() == 1);
    }

    @Test
    void dialsThatWaitForAPickupAreBounded() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        for (int i = 0; i < LocalDialer.MAX_ASKED; i++) {
            dial(ID);
        }
        for (int i = 0; i < LocalDialer.MAX_ASKED; i++) {
            agent.nextAsk();
        }
        assertThat(failure(dial(ID))).isEqualTo(new MaxPendingDials(LocalDialer.MAX_ASKED));
        manager.close();
    }

    @Test
    void closeFailsEveryDialAndEndsEveryControlConnectionAndLeavesRunningStreams() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> running = dial(ID);
        ByteStream atAgent = agent.pickUp(agent.nextAsk());
        CompletableFuture<ByteStream> asked = dial(ID);
        agent.nextAsk();
        new FakeAgent(manager, "wolf-away").dialer.disconnected();
        CompletableFuture<ByteStream> waiting = dial("wolf-away");
        Waiting.until("the dial waits", () -> manager.stats().pendingDialsTotal() == 1);

        manager.close();
        manager.close();
        assertThat(failure(asked)).isEqualTo(new NoConnection());
        assertThat(failure(waiting)).isEqualTo(new NoConnection());
        assertThat(failure(dial(ID))).isEqualTo(new NoConnection());
        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.CLOSED);
        Waiting.result(running).write(new byte[1], 0, 1);
        assertThat(atAgent.read(new byte[1], 0, 1)).isEqualTo(1);
        Waiting.result(running).close();
        assertThat(new FakeAgent(manager, ID).control.cause()).isEqualTo(ControlEnd.Cause.CLOSED);
        assertThat(manager.stats()).isEqualTo(new Stats(0, 0, 0, 0));
        Waiting.until("no timer is left", () -> timers.waitingTasks() == 0);
    }

    // Withdrawn dials

    @Test
    void aWithdrawnDialThatWaitedForItsIdGivesUpItsPlaceAtOnce() throws Exception {
        new FakeAgent(manager, ID).dialer.disconnected();
        List<PendingDial> dials = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            dials.add(manager.dials().start(ID));
        }
        assertThat(manager.dials().start(ID).isSettled())
                .as("the queue of dials is full")
                .isTrue();
        dials.forEach(manager.dials()::withdraw);
        assertThat(manager.stats()).isEqualTo(new Stats(0, 1, 0, 0));
        assertThat(timers.waitingTasks()).as("the grace period's timer alone").isEqualTo(1);
        for (PendingDial dial : dials) {
            assertThat(failure(Waiting.async(dial::await))).isEqualTo(new Withdrawn());
        }

        PendingDial next = manager.dials().start(ID);
        FakeAgent back = new FakeAgent(manager, ID);
        back.pickUp(back.nextAsk());
        next.await().close();
        assertThat(back.control.sent).as("no conn-ready for a withdrawn dial").isEmpty();
    }

    @Test
    void aWithdrawnDialThatWasAskedForGivesUpItsPlaceAndItsLatePickupIsClosed() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        PendingDial dial = manager.dials().start(ID);
        FakeAgent.Ask ask = agent.nextAsk();
        manager.dials().withdraw(dial);
        manager.dials().withdraw(dial);
        assertThat(failure(Waiting.async(dial::await))).isEqualTo(new Withdrawn());
        assertThat(timers.waitingTasks()).as("the keep-alive's timer alone").isEqualTo(1);
        assertThat(agent.isRefused(ask)).isTrue();
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
    }

    @Test
    void aWithdrawnDialThatWasPickedUpHasItsStreamClosed() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        PendingDial dial = manager.dials().start(ID);
        ByteStream atAgent = agent.pickUp(agent.nextAsk());
        manager.dials().withdraw(dial);
        assertThat(atAgent.read(new byte[1], 0, 1)).isEqualTo(-1);
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
    }

    @Test
    void placesOfWithdrawnDialsAreFreeForOthers() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        for (int i = 0; i <= LocalDialer.MAX_ASKED; i++) {
            PendingDial dial = manager.dials().start(ID);
            assertThat(dial.isSettled()).as("dial %d waits in the queue", i).isFalse();
            agent.nextAsk();
            manager.dials().withdraw(dial);
        }
    }

    @Test
    void aFailureSaysItsCodeAndForWhom() {
        DialException failed = new DialException(ID, new PickupFailed("Wolf is down"));
        assertThat(failed).hasMessage("wolf-gpu-1 could not pick up: Wolf is down");
        assertThat(failed.failure().code()).isEqualTo("PickupFailed");
        assertThat(new NoConnection().code()).isEqualTo("NoConnection");
        assertThat(new ReconnectTimeout(GRACE).code()).isEqualTo("ReconnectTimeout");
        assertThat(new MaxPendingDials(100).code()).isEqualTo("MaxPendingDials");
        assertThat(new DialTimeout(DIAL).code()).isEqualTo("DialTimeout");
    }

    // Dials ahead of need

    @Test
    void anIdleStreamCountsAsRunningFromItsBeginToItsClose() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        IdleStream idle = dialAhead(agent);
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
        assertThat(idle.begin()).isTrue();
        assertThat(idle.begin()).as("a second begin").isFalse();
        assertThat(manager.runner(ID).orElseThrow().streams()).isEqualTo(1);
        idle.close();
        idle.close();
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
    }

    @Test
    void anIdleStreamDoesNotDelayTheCloseOfADisplacedConnectionAndIsClosedWithIt() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        IdleStream idle = dialAhead(older);
        new FakeAgent(manager, ID);
        assertThat(older.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
        assertClosed(idle);
    }

    @Test
    void idleStreamsAreClosedAtTheDisplacementEvenIfARunningOneDelaysTheClose() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        IdleStream running = dialAhead(older);
        assertThat(running.begin()).isTrue();
        IdleStream idle = dialAhead(older);
        new FakeAgent(manager, ID);
        assertClosed(idle);
        assertThat(older.control.isOpen()).isTrue();
        running.close();
        assertThat(older.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
    }

    @Test
    void idleStreamsAreClosedWhenTheirControlConnectionIsLostAndRunningOnesGoOn() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        IdleStream running = dialAhead(agent);
        assertThat(running.begin()).isTrue();
        IdleStream idle = dialAhead(agent);
        agent.dialer.disconnected();
        assertClosed(idle);
        running.write(new byte[1], 0, 1);
    }

    @Test
    void idleStreamsOfAnAgentThatIsStoppingAreClosed() throws Exception {
        FakeAgent agent = new FakeAgent(manager, ID);
        IdleStream idle = dialAhead(agent);
        CompletableFuture<ByteStream> dial = dial(ID);
        agent.pickupFailed(agent.nextAsk(), Listener.STOPPING);
        failure(dial);
        assertClosed(idle);
    }

    @Test
    void aDataConnectionThatIsFreeAgainGivesAnIdleStreamWhileItsAgentIsDialledThroughItsDialer() throws Exception {
        FakeAgent older = new FakeAgent(manager, ID);
        IdleStream again =
                manager.dials().deliverAgain(older.dialer.id(), stream()).orElseThrow();
        assertThat(again.runnerId()).isEqualTo(ID);
        assertThat(manager.runner(ID).orElseThrow().streams()).isZero();
        FakeAgent newer = new FakeAgent(manager, ID);
        assertClosed(again);
        assertThat(manager.dials().deliverAgain(older.dialer.id(), stream())).isEmpty();
        CompletableFuture<ByteStream> dial = dial(ID);
        newer.pickupFailed(newer.nextAsk(), Listener.STOPPING);
        failure(dial);
        assertThat(manager.dials().deliverAgain(newer.dialer.id(), stream())).isEmpty();
    }

    private static ByteStream stream() {
        return new Pipe().left;
    }

    @Test
    void aDialAheadDoesNotWaitForAnIdToComeBack() throws Exception {
        assertThat(failure(dialAhead())).isEqualTo(new NoConnection());
        FakeAgent agent = new FakeAgent(manager, ID);
        CompletableFuture<ByteStream> asked = dialAhead();
        agent.nextAsk();
        agent.dialer.disconnected();
        assertThat(failure(asked)).isEqualTo(new NoConnection());
        assertThat(failure(dialAhead())).isEqualTo(new NoConnection());
        assertThat(manager.stats().pendingDialsTotal()).isZero();
    }

    private CompletableFuture<ByteStream> dialAhead() {
        return Waiting.async(() -> manager.dials().startAhead(ID).await());
    }

    private IdleStream dialAhead(FakeAgent agent) throws Exception {
        CompletableFuture<ByteStream> dial = dialAhead();
        agent.pickUp(agent.nextAsk());
        return (IdleStream) Waiting.result(dial);
    }

    private static void assertClosed(IdleStream stream) {
        assertThat(stream.begin()).isFalse();
        assertThatThrownBy(() -> stream.write(new byte[1], 0, 1)).isInstanceOf(IOException.class);
    }

    private CompletableFuture<ByteStream> dial(String runnerId) {
        return Waiting.async(() -> manager.dials().dial(runnerId));
    }

    private static DialFailure failure(CompletableFuture<ByteStream> dial) throws Exception {
        return ((DialException) Waiting.failure(dial)).failure();
    }

    private void awaitPending(int dials) throws Exception {
        Waiting.until(
                dials + " dials wait and have their timers",
                () -> manager.stats().pendingDialsTotal() == dials
                        && timers.waitingTasks()
                                == dials
                                        + manager.stats().gracePeriodEntries()
                                        + manager.stats().activeConnections());
    }

    private void awaitTimers(int count) throws Exception {
        Waiting.until(count + " timers wait", () -> timers.waitingTasks() == count);
    }

    /** Waits until the first keep-alive is sent. */
    private static void settled(FakeAgent agent) throws Exception {
        Waiting.until("the keep-alive is out", () -> !agent.dialer.owesKeepAlive());
        agent.control.sent.clear();
    }
}
