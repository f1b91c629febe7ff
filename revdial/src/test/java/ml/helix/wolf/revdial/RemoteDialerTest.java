package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

/** Two replicas: one is asked for a runner that the other one holds. */
class RemoteDialerTest {
    private static final String ID = "wolf-gpu-1";
    private static final Duration GRACE = Duration.ofSeconds(25);
    private static final RemoteAgent AGENT = new RemoteAgent("", "192.0.2.1", 1);

    private final ManualScheduler timers = new ManualScheduler();
    private final List<RunnerEvent> heard = new ArrayList<>();
    private final BlockingQueue<FailedPickup> failedAtHolder = new LinkedBlockingQueue<>();
    private final ConnectionManager asker = manager("aaaaaaaa");
    private final ConnectionManager holder = manager("bbbbbbbb");
    /** The conn-readies that the asker wants to have sent. */
    private final BlockingQueue<String> asks = new LinkedBlockingQueue<>();

    private ConnectionManager manager(String replica) {
        return new ConnectionManager(
                GRACE,
                Duration.ofSeconds(30),
                timers,
                timers::nanoTime,
                new RunnerEvents(() -> Instant.EPOCH, List.of(heard::add)),
                new DialerIds(replica),
                failedAtHolder::add);
    }

    private RemoteDialer remote() {
        return asker.remoteConnected(ID, AGENT, Instant.EPOCH, asks::add);
    }

    @Test
    void aConnReadyGoesOutByTheHolderAndTheDataConnectionComesToTheAsker() throws Exception {
        var agent = new FakeAgent(holder, ID);
        remote();
        PendingDial dial = asker.dials().start(ID);
        assertThat(holder.relay(ID, Waiting.next(asks))).isEqualTo(Relayed.SENT);

        FakeAgent.Ask ask = agent.nextAsk();
        assertThat(DialerIds.replicaOf(ask.dialerId())).isEqualTo("aaaaaaaa");
        assertThat(holder.dials().dialerState(ask.dialerId())).isEqualTo(DialerState.UNKNOWN);
        assertThat(asker.dials().dialerState(ask.dialerId())).isEqualTo(DialerState.UP);
        assertThat(asker.dials().runnerIdOf(ask.dialerId())).isEqualTo(Optional.of(ID));

        Pipe data = new Pipe();
        assertThat(asker.dials().deliver(ask.dialerId(), ask.requestId(), data.left))
                .isTrue();
        dial.await().write(new byte[] {7}, 0, 1);
        byte[] got = new byte[1];
        assertThat(data.right.read(got, 0, 1)).isEqualTo(1);
        assertThat(got).containsExactly(7);
    }

    @Test
    void aPickupFailedReachesTheAskerOnlyForTheRunnerItIsAbout() throws Exception {
        var agent = new FakeAgent(holder, ID);
        remote();
        PendingDial dial = asker.dials().start(ID);
        holder.relay(ID, Waiting.next(asks));
        agent.pickupFailed(agent.nextAsk(), "no Wolf");

        FailedPickup failed = Waiting.next(failedAtHolder);
        assertThat(failed.runnerId()).isEqualTo(ID);
        asker.dials().pickupFailed(new FailedPickup("wolf-other", failed.dialerId(), failed.requestId(), "a lie"));
        assertThat(dial.isSettled()).isFalse();
        asker.dials().pickupFailed(failed);
        assertThatThrownBy(dial::await).isInstanceOfSatisfying(DialException.class, e -> assertThat(e.failure())
                .isEqualTo(new PickupFailed("no Wolf")));
    }

    @Test
    void aRunnerWhoseHolderIsGoneIsInGraceAndItsDialsAreAskedForWhereItComesBack() throws Exception {
        RemoteDialer gone = remote();
        PendingDial dial = asker.dials().start(ID);
        Waiting.next(asks);
        gone.lost("replica bbbbbbbb does not answer");
        gone.lost("twice is once");
        assertThat(asker.stats()).isEqualTo(new Stats(0, 1, 1, 1));
        assertThat(asker.localStats()).isEqualTo(new Stats(0, 0, 1, 1));

        var agent = new FakeAgent(asker, ID);
        FakeAgent.Ask ask = agent.nextAsk();
        agent.pickUp(ask);
        dial.await().close();
        assertThat(asker.stats()).isEqualTo(new Stats(1, 0, 0, 0));
        assertThat(asker.localStats()).isEqualTo(new Stats(1, 0, 0, 0));
    }

    @Test
    void aRunnerThatComesBackNowhereIsGivenUpAfterItsGracePeriod() {
        RemoteDialer gone = remote();
        PendingDial dial = asker.dials().start(ID);
        gone.lost("gone");
        timers.advance(GRACE);
        assertThatThrownBy(dial::await).isInstanceOfSatisfying(DialException.class, e -> assertThat(e.failure())
                .isEqualTo(new ReconnectTimeout(GRACE)));
        assertThat(asker.runners()).isEmpty();
    }

    @Test
    void aNewerConnectionElsewhereDisplacesTheOneHereAndTakesItsDials() throws Exception {
        var agent = new FakeAgent(asker, ID);
        PendingDial dial = asker.dials().start(ID);
        FakeAgent.Ask older = agent.nextAsk();
        remote();

        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.DISPLACED);
        String connPath = Waiting.next(asks);
        assertThat(connPath).endsWith(older.requestId());
        assertThat(asker.dials().dialerState(older.dialerId())).isEqualTo(DialerState.EXPIRED);
        PickupQuery newer = PickupQuery.of(connPath);
        assertThat(asker.dials().deliver(newer.dialerId(), newer.requestId(), new Pipe().left))
                .isTrue();
        dial.await().close();
    }

    @Test
    void anOlderConnectionElsewhereChangesNothing() throws Exception {
        var agent = new FakeAgent(asker, ID);
        RemoteDialer older = asker.remoteConnected(ID, AGENT, Instant.EPOCH.minusSeconds(1), asks::add);
        assertThat(older.over).isTrue();
        assertThat(agent.control.isOpen()).isTrue();
        PendingDial dial = asker.dials().start(ID);
        agent.pickUp(agent.nextAsk());
        dial.await().close();
    }

    @Test
    void aReplicaThatDrainsClosesWhatItHoldsAndItsDialsWaitForTheOthers() throws Exception {
        var agent = new FakeAgent(asker, ID);
        PendingDial dial = asker.dials().start(ID);
        assertThat(asker.countHeld(AGENT::equals)).isEqualTo(1);
        Runnable close = asker.releaseHeld();
        assertThat(agent.control.isOpen()).as("it may be picking up").isTrue();
        close.run();
        assertThat(agent.control.cause()).isEqualTo(ControlEnd.Cause.CLOSED);
        assertThat(asker.countHeld(AGENT::equals)).isZero();
        assertThat(asker.dials().pending()).isEqualTo(1);
        remote();
        PickupQuery pickup = PickupQuery.of(Waiting.next(asks));
        asker.dials().deliver(pickup.dialerId(), pickup.requestId(), new Pipe().left);
        ByteStream stream = dial.await();
        assertThat(asker.dials().pending()).isZero();
        assertThat(asker.dials().streams()).containsExactly(Map.entry(ID, 1));
        stream.close();
        assertThat(asker.dials().streams()).isEmpty();
    }

    @Test
    void aNewerConnectionHereTakesTheDialsOfTheHolder() throws Exception {
        RemoteDialer older = remote();
        PendingDial dial = asker.dials().start(ID);
        Waiting.next(asks);
        var agent = new FakeAgent(asker, ID);
        agent.pickUp(agent.nextAsk());
        dial.await().close();
        older.lost("the holder has noticed it too");
        assertThat(asker.runner(ID).orElseThrow().connected()).isTrue();
    }

    @Test
    void aReplicaRelaysOnlyToConnectionsThatItHolds() throws Exception {
        assertThat(holder.relay(ID, "/revdial?revdial.dialer=x")).isEqualTo(Relayed.NOT_HELD);
        remote();
        assertThat(asker.relay(ID, "/revdial?revdial.dialer=x"))
                .as("at most one hop")
                .isEqualTo(Relayed.NOT_HELD);
        holder.trialConnected(ID, AGENT, new FakeControl());
        assertThat(holder.relay(ID, "/revdial?revdial.dialer=x")).isEqualTo(Relayed.NOT_HELD);
    }

    @Test
    void aHolderWithoutRoomFailsTheDial() {
        asker.remoteConnected(ID, AGENT, Instant.EPOCH, connPath -> false);
        PendingDial dial = asker.dials().start(ID);
        assertThatThrownBy(dial::await).isInstanceOfSatisfying(DialException.class, e -> assertThat(e.failure())
                .isEqualTo(new MaxPendingDials(Dialer.MAX_ASKED)));
    }

    @Test
    void whatOtherReplicasHoldIsNoEventHereAndIsNotAskedToReconnect() {
        RemoteDialer remote = remote();
        assertThat(asker.reconnectAll()).isZero();
        assertThat(asker.reconnect(ID)).isFalse();
        remote.lost("gone");
        asker.close();
        assertThat(heard).isEmpty();
        assertThat(asker.remoteConnected(ID, AGENT, Instant.EPOCH, asks::add).over)
                .isTrue();
    }
}
