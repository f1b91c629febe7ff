package ml.helix.wolf.agent.notice;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoticeAddressTest {
    private static final InetAddress ANOTHER_HOST = InetAddress.ofLiteral("10.0.0.7");

    @Test
    void anAddressByNumberWithAnIdIsRead() {
        assertThat(NoticeAddress.parse("10.0.0.7:8081 7f-A", ANOTHER_HOST))
                .contains(new NoticeAddress(new InetSocketAddress("10.0.0.7", 8081), "7f-A"));
        assertThat(NoticeAddress.parse("[fd00::5]:8081 a", ANOTHER_HOST))
                .contains(new NoticeAddress(new InetSocketAddress("fd00::5", 8081), "a"));
    }

    @Test
    void onlyACallerOnThisHostMayNameThisHost() {
        assertThat(NoticeAddress.parse("127.0.0.1:8081 a", InetAddress.getLoopbackAddress()))
                .isPresent();
        assertThat(NoticeAddress.parse("127.0.0.1:8081 a", ANOTHER_HOST)).isEmpty();
        assertThat(NoticeAddress.parse("[::1]:8081 a", ANOTHER_HOST)).isEmpty();
        assertThat(NoticeAddress.parse("[::ffff:127.0.0.1]:8081 a", ANOTHER_HOST))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.7:8081",
                "10.0.0.7 a",
                "10.0.0.7:0 a",
                "10.0.0.7:65536 a",
                "10.0.0.7:8081 a/../b",
                "10.0.0.7:8081 a b",
                "10.0.0.7:8081 a\r\nX: y",
                "operator.example.com:8081 a",
                "10.0.0:8081 a x",
                "999.0.0.1:8081 a",
                "[1]:8081 a",
                "0.0.0.0:8081 a",
                "[::]:8081 a",
                "169.254.169.254:80 a",
                "[fe80::1]:80 a",
                "224.0.0.1:80 a",
                "fd00::5:8081 a"
            })
    void anythingElseIsIgnored(String text) {
        assertThat(NoticeAddress.parse(text, ANOTHER_HOST)).isEmpty();
    }
}
