package ml.helix.wolf.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.Test;

class AdmissionGateTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // it overflows
    private final AdmissionGate gate = new AdmissionGate(6, 4, 3, now::get);
    private final List<String> evicted = new ArrayList<>();

    @Test
    void whereThereIsRoomNobodyLeaves() {
        enter("192.0.2.1", "a", "b", "c", "d");
        enter("192.0.2.2", "e", "f");

        assertThat(evicted).isEmpty();
        assertThat(gate.count()).isEqualTo(6);
    }

    @Test
    void theOldestOfAnAddressLeavesWhereThatHasItsShare() {
        enter("192.0.2.2", "other");
        enter("192.0.2.1", "a", "b", "c", "d", "e", "f");

        assertThat(evicted).containsExactly("a", "b");
        assertThat(gate.count()).isEqualTo(5);
    }

    @Test
    void theOldestOfTheAddressWithMostLeavesWhereAllIsFull() {
        enter("192.0.2.2", "old", "older");
        enter("192.0.2.1", "a", "b", "c", "d");

        enter("192.0.2.3", "newcomer");

        assertThat(evicted).containsExactly("a");
        assertThat(gate.count()).isEqualTo(6);
    }

    @Test
    void whoHasLeftTakesNoRoom() {
        List<AdmissionGate.Guest> guests = enter("192.0.2.1", "a", "b", "c", "d");
        guests.get(1).leave();
        guests.get(1).leave();

        enter("192.0.2.1", "e");

        assertThat(evicted).isEmpty();
        assertThat(guests.get(0).isInside()).isTrue();
        assertThat(guests.get(1).isInside()).isFalse();
        enter("192.0.2.1", "f");
        assertThat(evicted).containsExactly("a");
        assertThat(guests.get(0).isInside()).isFalse();
    }

    @Test
    void anIpv6NetworkOf64BitsIsOneAddress() {
        enter("2001:db8::1", "a");
        enter("2001:db8::2", "b");
        enter("2001:db8:0:0:ffff::3", "c");
        enter("2001:db8::4", "d");
        enter("2001:db8:0:1::1", "other network");

        enter("2001:db8::5", "e");

        assertThat(evicted).containsExactly("a");
    }

    @Test
    void aGateWhoseGuestsHaveAllLeftIsEmpty() {
        enter("192.0.2.1", "a", "b").forEach(AdmissionGate.Guest::leave);
        enter("192.0.2.2", "c").forEach(AdmissionGate.Guest::leave);

        assertThat(gate.count()).isZero();
    }

    @Test
    void whileThereIsRoomNobodyWaits() {
        enter("192.0.2.1", "a", "b", "c");
        enter("192.0.2.2", "d", "e");

        assertThat(gate.pause()).isZero();
    }

    @Test
    void aFullGateWaitsUntilItsOldestGuestHasStayedForFiveSeconds() {
        List<AdmissionGate.Guest> guests = enter("192.0.2.1", "a", "b", "c");
        pass(2000);
        enter("192.0.2.2", "d", "e", "f");

        assertThat(gate.pause()).isEqualTo(Duration.ofSeconds(3));
        pass(3000);
        assertThat(gate.pause()).isZero();

        guests.getFirst().leave();
        guests.get(1).leave();
        enter("192.0.2.3", "g", "h");
        assertThat(gate.pause()).isZero();
        guests.get(2).leave();
        enter("192.0.2.3", "i");
        assertThat(gate.pause()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void nobodyIsAcceptedWhileEnoughGuestsHaveWork() {
        List<AdmissionGate.Guest> guests = working("192.0.2.1", "a", "b", "c");
        assertThat(gate.pause()).isPositive();

        guests.getFirst().hasWork(false);
        guests.getFirst().hasWork(false);
        assertThat(gate.pause()).isZero();

        guests.getFirst().hasWork(true);
        assertThat(gate.pause()).isPositive();

        guests.getFirst().leave();
        guests.getFirst().hasWork(true);
        guests.getFirst().hasWork(false);
        assertThat(gate.pause()).isZero();
    }

    @Test
    void oneThatHasWorkIsClosedLast() {
        working("192.0.2.1", "a", "b");
        enter("192.0.2.1", "c", "d");

        enter("192.0.2.1", "e", "f", "g");

        assertThat(evicted).containsExactly("c", "d", "e");
        working("192.0.2.3", "h");
        working("192.0.2.4", "i", "j");
        assertThat(evicted).containsExactly("c", "d", "e", "f");
    }

    @Test
    void ofManyAddressesWithOneEachTheOldestLeaves() {
        for (int i = 1; i <= 8; i++) {
            enter("192.0.2." + (9 - i), "guest " + i);
        }

        assertThat(evicted).containsExactly("guest 1", "guest 2");
    }

    @Test
    void whoWaitsForRoomIsWokenByAGuestThatLeaves() throws Exception {
        List<AdmissionGate.Guest> guests = working("192.0.2.1", "a", "b", "c");
        var acceptor = new FutureTask<>(() -> {
            gate.awaitRoom();
            return "accepts";
        });
        Thread thread = Thread.ofPlatform().daemon().start(acceptor);
        Waiting.until("the acceptor waits", () -> thread.getState() == Thread.State.TIMED_WAITING);

        guests.getLast().leave();

        assertThat(acceptor.get(30, TimeUnit.SECONDS)).isEqualTo("accepts");
    }

    private void pass(long milliseconds) {
        now.addAndGet(milliseconds * 1_000_000);
    }

    /** The connection of each waits for its peer. */
    private List<AdmissionGate.Guest> enter(String address, String... names) {
        List<AdmissionGate.Guest> guests = new ArrayList<>();
        for (String name : names) {
            AdmissionGate.Guest guest = gate.enter(InetAddress.ofLiteral(address), () -> evicted.add(name));
            guest.hasWork(false);
            guests.add(guest);
        }
        return guests;
    }

    private List<AdmissionGate.Guest> working(String address, String... names) {
        List<AdmissionGate.Guest> guests = new ArrayList<>();
        for (String name : names) {
            guests.add(gate.enter(InetAddress.ofLiteral(address), () -> evicted.add(name)));
        }
        return guests;
    }
}
