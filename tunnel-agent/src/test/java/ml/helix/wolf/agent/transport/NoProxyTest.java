package ml.helix.wolf.agent.transport;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoProxyTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* | h | 443",
                "example.com | example.com | 443",
                "example.com | a.b.EXAMPLE.com. | 443",
                ".example.com | a.example.com | 443",
                "*.example.com | a.example.com | 443",
                "x, , example.com:443 | example.com | 443",
                "10.0.0.0/8 | 10.200.3.4 | 80",
                "10.1.2.3 | 10.1.2.3 | 80",
                "fd00::/8 | fd12::1 | 443",
                "::1 | ::1 | 443",
                "[::1]:443 | ::1 | 443",
                "[0:0:0:0:0:0:0:1] | ::1 | 443",
                "a b | b | 1"
            })
    void covers(String list, String host, int port) {
        assertThat(NoProxy.parse(list).covers(host, port)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | h | 443",
                ".example.com | example.com | 443",
                "example.com | badexample.com | 443",
                "example.com:80 | example.com | 443",
                "10.0.0.0/8 | 11.0.0.1 | 80",
                "10.0.0.0/8 | ten.example.com | 80",
                "10.0.0.0/99 | 10.0.0.1 | 80",
                "10.0.0.0/x | 10.0.0.1 | 80",
                "::1 | 127.0.0.1 | 443"
            })
    void doesNotCover(String list, String host, int port) {
        assertThat(NoProxy.parse(list).covers(host, port)).isFalse();
    }
}
