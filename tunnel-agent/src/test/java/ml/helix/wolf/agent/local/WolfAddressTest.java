package ml.helix.wolf.agent.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WolfAddressTest {
    @ParameterizedTest
    @CsvSource({"localhost:8080, localhost, 8080", "[::1]:1, ::1, 1", "10.0.0.1:65535, 10.0.0.1, 65535"})
    void readsHostAndPort(String text, String host, int port) {
        assertThat(WolfAddress.parse(text)).isEqualTo(new WolfAddress.Tcp(host, port));
        assertThat(WolfAddress.parse(text)).hasToString(text);
    }

    @Test
    void theLastColonSeparatesThePortWithOrWithoutBrackets() {
        assertThat(WolfAddress.parse("fd00::1:8080")).isEqualTo(new WolfAddress.Tcp("fd00::1", 8080));
        assertThat(WolfAddress.parse("[10.0.0.1]:8080")).isEqualTo(new WolfAddress.Tcp("10.0.0.1", 8080));
    }

    @Test
    void readsAnAbsoluteSocketPath() {
        assertThat(WolfAddress.parse("unix:///var/run/wolf/wolf.sock"))
                .isEqualTo(new WolfAddress.Unix(Path.of("/var/run/wolf/wolf.sock")))
                .hasToString("unix:///var/run/wolf/wolf.sock");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                ":8080",
                "localhost:0",
                "localhost:65536",
                "fd00::1",
                ":::1:8080",
                "[h]:80",
                "[::1:80",
                "h:080",
                "http://h:80",
                "unix://wolf.sock",
                "unix:/wolf.sock",
                "h:x"
            })
    void refusesAnythingElse(String text) {
        assertThatThrownBy(() -> WolfAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("must be");
    }

    @Test
    void refusesAPathThatNoSocketCanHave() {
        assertThatThrownBy(() -> WolfAddress.parse("unix:///" + "é".repeat(60))).hasMessageContaining("107 bytes");
    }
}
