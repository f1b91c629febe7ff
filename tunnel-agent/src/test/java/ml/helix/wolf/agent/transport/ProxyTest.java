package ml.helix.wolf.agent.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyTest {
    private static final ControlPlaneUrl SECURE = ControlPlaneUrl.parse("https://helix.example.com");
    private static final ControlPlaneUrl PLAIN = ControlPlaneUrl.parse("http://helix.example.com");

    @ParameterizedTest
    @CsvSource({
        "http://p:3128, false, p, 3128",
        "p:3128, false, p, 3128",
        "http://p, false, p, 80",
        "https://p, true, p, 443",
        "http://[::1]:1, false, ::1, 1"
    })
    void readsAUrl(String text, boolean secure, String host, int port) {
        assertThat(Proxy.parse(text)).isEqualTo(new Proxy(secure, host, port, Optional.empty()));
    }

    @Test
    void credentialsAreDecodedForBasicAuthenticationAndNeverPrinted() {
        Proxy proxy = Proxy.parse("http://user:p%40ss+w%C3%B6rd@p:3128");

        String basic = proxy.credentials().orElseThrow().reveal();
        assertThat(new String(Base64.getDecoder().decode(basic), StandardCharsets.UTF_8))
                .isEqualTo("user:p@ss+wörd");
        assertThat(proxy.toString()).isEqualTo("p:3128");
    }

    @Test
    void credentialsAreSentByteForByte() {
        String basic =
                Proxy.parse("http://u:%ff%00@p").credentials().orElseThrow().reveal();
        assertThat(Base64.getDecoder().decode(basic)).containsExactly('u', ':', 0xff, 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "socks5://hunter2@p",
                "http://u:hunter2@",
                "http://u:hunter2@p:99999",
                "http://u:hunter2 @p",
                "http://D\\u:hunter2@p"
            })
    void messagesNeverRepeatThePassword(String text) {
        assertThatThrownBy(() -> Proxy.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void theEnvironmentsProxyFollowsTheScheme() {
        var environment = Map.of("HTTPS_PROXY", "http://s:1", "HTTP_PROXY", "http://p:2");

        assertThat(Proxy.choose(Optional.empty(), environment, SECURE)).hasToString("Optional[s:1]");
        assertThat(Proxy.choose(Optional.empty(), environment, PLAIN)).hasToString("Optional[p:2]");
        assertThat(Proxy.choose(Optional.empty(), Map.of("https_proxy", "http://s:3"), SECURE))
                .hasToString("Optional[s:3]");
        assertThat(Proxy.choose(Optional.empty(), Map.of(), SECURE)).isEmpty();
    }

    @Test
    void theFlagWinsAndNoProxyAppliesToItToo() {
        Optional<Proxy> flag = Optional.of(Proxy.parse("http://flag:1"));
        var environment = Map.of("HTTPS_PROXY", "http://s:1");
        var exempt = Map.of("NO_PROXY", ".example.com");

        assertThat(Proxy.choose(flag, environment, SECURE)).isEqualTo(flag);
        assertThat(Proxy.choose(flag, exempt, SECURE)).isEmpty();
    }

    @Test
    void aBadVariableIsNamed() {
        assertThatThrownBy(() -> Proxy.choose(Optional.empty(), Map.of("HTTPS_PROXY", "socks5://p"), SECURE))
                .hasMessageStartingWith("HTTPS_PROXY must begin with");
    }
}
