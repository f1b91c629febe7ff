package ml.helix.wolf.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class FreePortIT {

    @Test
    void eachIsAnotherAndBelowThoseOfOutgoingConnections() throws Exception {
        int first = FreePort.choose();
        int second = FreePort.choose();

        assertThat(second).isNotEqualTo(first);
        assertThat(first).isBetween(20_000, 29_999);
        assertThat(second).isBetween(20_000, 29_999);
    }

    @Test
    void onesThatAreTakenOnAnyAddressArePassedOver() throws Exception {
        int next = FreePort.choose() + 1;
        try (var _ = taken("127.0.0.1", next);
                var _ = taken("::1", next + 1)) {
            assertThat(FreePort.choose()).isNotIn(next, next + 1);
        }
    }

    private static Closeable taken(String address, int port) throws IOException {
        try {
            return new ServerSocket(port, 1, InetAddress.ofLiteral(address));
        } catch (BindException e) {
            return () -> {}; // by another process
        }
    }
}
