package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** docs/protocol.md, "Losing it and coming back": the agent tries again after a refusal or without an answer. */
class ControlRefusedIT extends AgentSpec {

    @ParameterizedTest
    @CsvSource({
        "401,Unauthorized",
        "403,Forbidden",
        "404,NotFound",
        "410,NotFound",
        "500,ServerError",
        "502,ServerError",
        "503,ServerError",
        "200,ProtocolError",
        "400,ProtocolError"
    })
    void namesTheReasonAndTriesAgain(int status, String reason) throws Exception {
        InProcessAgent agent = start();
        server.control().answer(status);
        JsonNode seen = agent.awaitReason(reason);
        assertThat(seen.path("lastError").path("message").asText()).contains(String.valueOf(status));
        assertThat(agent.readyz()).isEqualTo(503);
        accepted();
        agent.awaitState("Connected");
        assertThat(agent.readyz()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"301", "302", "303", "307", "308"})
    void followsNoRedirect(int status) throws Exception {
        try (ScriptedControlPlane elsewhere = ScriptedControlPlane.onLoopback()) {
            InProcessAgent agent = start();
            server.control().answer(status, "Location: http://" + elsewhere.authority() + "/api/v1/revdial");
            agent.awaitReason("ProtocolError");
            accepted();
            agent.awaitState("Connected");
            assertThat(elsewhere.accepted()).isZero();
        }
    }

    @Test
    void waitsAsLongAsTheServerAsks() throws Exception {
        start();
        long before = System.nanoTime();
        server.control().answer(503, "Retry-After: 3");
        server.control();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void waitsUntilTheDateThatTheServerNames() throws Exception {
        start();
        ZonedDateTime date = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(4);
        server.control().answer(429, "Retry-After: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(date));
        server.control();
        assertThat(ZonedDateTime.now(ZoneOffset.UTC)).isAfterOrEqualTo(date.withNano(0));
    }

    @ParameterizedTest
    @CsvSource({"-1", "soon", "1e3", "''", "99999999999999999999", "'Wed, 31 Feb 2020 00:00:00 GMT'"})
    void ignoresARetryAfterThatIsNone(String value) throws Exception {
        start();
        server.control().answer(503, "Retry-After: " + value);
        assertThat(accepted()).isNotNull();
    }

    @Test
    void survivesAnAnswerThatIsNoHttp() throws Exception {
        InProcessAgent agent = start();
        server.control().raw("SSH-2.0-OpenSSH_9.6\r\n\r\n");
        agent.awaitReason("ProtocolError");
        accepted();
        agent.awaitState("Connected");
    }

    @Test
    void survivesAnAnswerThatNeverEnds() throws Exception {
        InProcessAgent agent = start();
        Connection control = server.control();
        control.raw("HTTP/1.1 101 Switching Protocols\r\n");
        assertThat(Flood.bytesUntilClosed(control, bytes("X-Filler: " + "x".repeat(1000) + "\r\n")))
                .isLessThan(Flood.LIMIT);
        agent.awaitReason("ProtocolError");
        assertThat(accepted()).isNotNull();
    }

    @Test
    void survivesAServerThatHangsUpInTheMiddleOfItsAnswer() throws Exception {
        InProcessAgent agent = start();
        Connection first = server.control();
        first.raw("HTTP/1.1 101 Switch");
        first.close();
        agent.awaitReason("ConnectionLost");
        server.control().reset();
        assertThat(accepted()).isNotNull();
    }

    @Test
    void connectsOnceAServerThatWasAbsentIsThere() throws Exception {
        server.stop();
        InProcessAgent agent = start();
        agent.awaitReason("ConnectFailure");
        assertThat(agent.livez()).isEqualTo(200);
        assertThat(agent.readyz()).isEqualTo(503);
        server.start();
        accepted();
        agent.awaitState("Connected");
    }

    @Test
    void namesAHostThatDoesNotExist() throws Exception {
        InProcessAgent agent = start("-api-url", "http://nowhere.invalid");
        agent.awaitReason("DnsFailure");
    }
}
