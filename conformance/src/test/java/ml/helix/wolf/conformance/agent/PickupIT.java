package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Data connections": how the agent answers a conn-ready. */
class PickupIT extends AgentSpec {

    @ParameterizedTest
    @CsvSource({
        "/revdial?revdial.dialer=0af&revdial.req=1b,/api/v1/revdial?revdial.dialer=0af&revdial.req=1b",
        "/revdial?revdial.dialer=0af,/api/v1/revdial?revdial.dialer=0af",
        "/api/v1/revdial?revdial.dialer=0af,/api/v1/revdial?revdial.dialer=0af",
        "/revdial?revdial.dialer=/revdial,/api/v1/revdial?revdial.dialer=/revdial",
        "/revdial?revdial.dialer=0af&x=http://a/b%20c,/api/v1/revdial?revdial.dialer=0af&x=http://a/b%20c"
    })
    void goesToTheConnPathBelowTheApi(String connPath, String target) throws Exception {
        Connection control = connected();
        control.connReady(connPath);
        assertThat(server.data().head().start()).isEqualTo("GET " + target + " HTTP/1.1");
    }

    @Test
    void goesToTheSameOriginAndPathPrefixAsTheControlConnection() throws Exception {
        Connection control = connected("-api-url", "http://" + server.authority() + "/helix/");
        control.connReady("/revdial?revdial.dialer=0af").connReady("/api/v1/revdial?revdial.dialer=0af");
        for (int i = 0; i < 2; i++) {
            Connection data = server.data();
            assertThat(data.head().target()).isEqualTo("/helix/api/v1/revdial?revdial.dialer=0af");
            assertThat(data.head().header("Host")).hasValue(server.authority());
        }
    }

    @Test
    void carriesTheSameBearerTokenOnce() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        assertThat(server.data().head().all("Authorization")).containsExactly("Bearer " + TOKEN);
    }

    @Test
    void anOldServersConnPathWithoutARequestIdIsEchoedAsItCame() throws Exception {
        Connection control = connected();
        String old = "/revdial?revdial.dialer=" + hex();
        control.connReady(old);
        server.data().answer(404);
        pickupFailure(control, old);
    }

    @ParameterizedTest
    @CsvSource({"401", "403", "404", "410", "500", "503", "200", "302", "400"})
    void anythingBut101IsAPickupFailedWithTheReason(int status) throws Exception {
        try (ScriptedControlPlane elsewhere = ScriptedControlPlane.onLoopback()) {
            Connection control = connected();
            String path = newPath();
            control.connReady(path);
            server.data().answer(status, "Location: http://" + elsewhere.authority() + "/", "X-Echo: " + TOKEN);
            assertThat(pickupFailure(control, path))
                    .contains(String.valueOf(status))
                    .doesNotContain(TOKEN);
            assertThat(elsewhere.accepted()).isZero();
            wolf.next().readToEnd();
            assertServes(control);
        }
    }

    @Test
    void aPickupThatIsHungUpOnIsAPickupFailed() throws Exception {
        Connection control = connected();
        String path = newPath();
        control.connReady(path);
        server.data().close();
        assertThat(pickupFailure(control, path)).isNotBlank();
        control.connReady(path);
        server.data().reset();
        assertThat(pickupFailure(control, path)).isNotBlank();
        control.connReady(path);
        server.data()
                .raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: bm90IHlvdXJzIGJ1dCBteSBvd24=\r\n\r\n");
        assertThat(pickupFailure(control, path)).isNotBlank();
        assertServes(control);
    }

    @Test
    void theConnPathIsEchoedByteForByte() throws Exception {
        Connection control = connected();
        String odd = "/revdial?revdial.dialer=%C3%A4&revdial.req=a+b%20c&q='<>\"=;,!*()~&&=";
        control.line("{\"command\":\"conn-ready\",\"connPath\":\"" + odd.replace("\"", "\\\"") + "\"}");
        server.data().answer(500);
        assertThat(pickupFailure(control, odd)).contains("500");
    }

    @Test
    void everyLineFitsInto4096BytesHoweverLongTheConnPath() throws Exception {
        Connection control = connected();
        for (int length = 3900;
                length < 4096 - "{\"command\":\"pickup-failed\",\"connPath\":\"\"}\n".length();
                length += 7) {
            String path = "/revdial?revdial.dialer=" + "d".repeat(length - 24);
            control.connReady(path);
            server.data().answer(404);
            String line = control.line();
            assertThat(line.getBytes(UTF_8).length + 1).isLessThanOrEqualTo(4096);
            assertThat(JSON.readTree(line).path("connPath").asText()).isEqualTo(path);
        }
        assertServes(control);
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 8192, 60_000})
    void aConnPathTooLongToBeEchoedEndsTheConnection(int length) throws Exception {
        Connection control = connected();
        control.connReady("/revdial?revdial.dialer=" + "d".repeat(length - 24));
        control.end();
        assertServes(accepted());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"command\":\"conn-ready\"}", "{\"command\":\"conn-ready\",\"connPath\":7}"})
    void aConnReadyWithoutAConnPathHurtsNobody(String line) throws Exception {
        Connection control = connected();
        control.line(line);
        assertThat(line(control).path("command").asText()).isEqualTo("pickup-failed");
        assertServes(control);
    }

    @Test
    void theSamePathTwiceIsPickedUpTwice() throws Exception {
        Connection control = connected();
        String path = newPath();
        control.connReady(path).connReady(path);
        Connection one = server.data();
        Connection other = server.data();
        assertThat(one.head().target()).isEqualTo(other.head().target());
        one.accept();
        other.answer(404);
        pickupFailure(control, path);
        wolf.next();
    }

    @Test
    void noneOf500ConnReadyAtOnceIsLost() throws Exception {
        int count = 500;
        wolf.echoing();
        var echoed = new CountDownLatch(count);
        Set<String> targets = ConcurrentHashMap.newKeySet();
        var wrong = new ConcurrentLinkedQueue<String>();
        server.onData(data -> {
            data.accept();
            String target = data.head().target();
            data.binary(target);
            String back = new String(data.read(target.length()), UTF_8);
            if (!back.equals(target)) {
                wrong.add(back);
            }
            targets.add(target);
            echoed.countDown();
        });
        Connection control = connected();
        Set<String> asked = new HashSet<>();
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            String path = newPath();
            asked.add("/api/v1" + path);
            lines.append("{\"command\":\"conn-ready\",\"connPath\":\"")
                    .append(path)
                    .append("\"}\n");
        }
        control.binary(lines.toString());
        assertThat(echoed.await(Connection.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("%d streams came, %d did not", count - echoed.getCount(), echoed.getCount())
                .isTrue();
        assertThat(targets).isEqualTo(asked);
        assertThat(wrong).isEmpty();
    }
}
