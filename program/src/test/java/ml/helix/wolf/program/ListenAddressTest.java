package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    @CsvSource({"::1:80,::1,80", "fd00::5:9797,fd00::5,9797", ":::8080,::,8080", "1:2:3:4:5:6:7:8:9,1:2:3:4:5:6:7:8,9"})
    void withoutBracketsTheLastColonSeparatesThePort(String text, String host, int port) {
        var address = ListenAddress.parse(text);
        assertThat(address.getAddress()).isEqualTo(InetAddress.ofLiteral(host));
        assertThat(address.getPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "9797",
                "localhost",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "127.0.0.1:http",
                "fd00::5",
                "fd00:5:9797",
                "1:2:3:4:5:6:7:8"
            })
    void anythingElseIsRefusedWithWhatToWrite(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ListenAddress.parse(text))
                .withMessageContaining("must be :port, host:port or [ipv6]:port");
    }

    @ParameterizedTest
    @ValueSource(strings = {":9797", "127.0.0.1:9797", "[0:0:0:0:0:0:0:1]:9797"})
    void itIsShownAsItIsWritten(String text) {
        assertThat(ListenAddress.show(ListenAddress.parse(text))).isEqualTo(text);
    }
}
