package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {
    @Test
    void aBarePortMeansEveryAddress() {
        var address = ListenAddress.parse(":9797");
        assertThat(address.getAddress().isAnyLocalAddress()).isTrue();
        assertThat(address.getPort()).isEqualTo(9797);
    }

    @Test
    void anIpv6AddressStandsInBrackets() {
        assertThat(ListenAddress.parse("[::1]:80").getAddress().isLoopbackAddress())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "9797", "localhost", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "127.0.0.1:http"})
    void anythingElseIsRefusedWithWhatToWrite(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ListenAddress.parse(text))
                .withMessageContaining("must be :port, host:port or [ipv6]:port");
    }
}
