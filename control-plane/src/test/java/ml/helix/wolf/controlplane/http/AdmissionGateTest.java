package ml.helix.wolf.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionGateTest {
    private final AdmissionGate gate = new AdmissionGate(6, 4);
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

    private List<AdmissionGate.Guest> enter(String address, String... names) {
        List<AdmissionGate.Guest> guests = new ArrayList<>();
        for (String name : names) {
            guests.add(gate.enter(InetAddress.ofLiteral(address), () -> evicted.add(name)));
        }
        return guests;
    }
}
