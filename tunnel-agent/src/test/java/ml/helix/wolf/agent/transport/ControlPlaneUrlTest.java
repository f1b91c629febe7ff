package ml.helix.wolf.agent.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlPlaneUrlTest {
    @ParameterizedTest
    @CsvSource({
        "https://helix.example.com, true, helix.example.com, 443, ''",
        "http://api:8080, false, api, 8080, ''",
        "wss://h/, true, h, 443, ''",
        "WS://h:81/tenant/a//, false, h, 81, /tenant/a",
        "https://[::1]:8443/x, true, ::1, 8443, /x",
        "http://helix_api:8080/p, false, helix_api, 8080, /p"
    })
    void readsOriginAndPathPrefix(String text, boolean secure, String host, int port, String path) {
        assertThat(ControlPlaneUrl.parse(text)).isEqualTo(new ControlPlaneUrl(secure, host, port, path));
    }

    @ParameterizedTest
    @CsvSource({
        "https://h, h, h:443",
        "https://h:80, h:80, h:80",
        "http://h:443, h:443, h:443",
        "http://[::1], [::1], [::1]:80"
    })
    void theHostHeaderNamesAnUnusualPort(String text, String authority, String endpoint) {
        assertThat(ControlPlaneUrl.parse(text).authority()).isEqualTo(authority);
        assertThat(ControlPlaneUrl.parse(text).endpoint()).isEqualTo(endpoint);
    }

    @ParameterizedTest
    @CsvSource({
        "helix.example.com, must begin with",
        "ftp://h, must begin with",
        "https://, names no host",
        "https:///x, names no host",
        "https://h:99999, port",
        "https://h:0, port",
        "https://h/?a=b, must end with its path",
        "https://h/#a, must end with its path",
        "https://a b, names no host",
        "https://h/a|b, as %xx",
        "https://h/api/v1/revdial/, must leave off /api/v1/revdial"
    })
    void saysWhatIsWrong(String text, String problem) {
        assertThatThrownBy(() -> ControlPlaneUrl.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void aPasswordInTheUrlIsRefusedAndNotRepeated() {
        assertThatThrownBy(() -> ControlPlaneUrl.parse("https://user:hunter2@h"))
                .hasMessageContaining("must not carry")
                .hasMessageNotContaining("hunter2");
    }
}
