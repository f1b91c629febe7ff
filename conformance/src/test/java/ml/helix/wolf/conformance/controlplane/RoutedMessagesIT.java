package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Contract, section 4: {@code /api/v1/wolf/{path}} passes messages on as {@code …/proxy/{path}} does. */
class RoutedMessagesIT extends ControlPlaneSpec {
    private Connection control;

    @BeforeEach
    void connectAgent() throws Exception {
        start();
        control = connect(ID);
    }

    @Test
    void eventsArriveOneByOneAndTheirCallersEndReachesWolf() throws Exception {
        RawCaller caller = rawRoutedCall("GET /api/v1/events HTTP/1.1");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        assertThat(caller.readUpTo("\r\n\r\n")).contains("X-Wolf-Instance: " + ID);
        for (int i = 0; i < 3; i++) {
            data.binary("event: " + i + "\n\n");
            caller.readUpTo("event: " + i + "\n\n");
        }
        caller.reset();
        assertThat(data.end()).isNotNull();
    }

    @Test
    void anUploadIsStreamedAndAnEarlyResponseReachesItsCaller() throws Exception {
        RawCaller caller = rawRoutedCall("POST /x HTTP/1.1", "Content-Length: 10", "Connection: close")
                .send("first");
        Connection data = pickUp(awaitConnReady(control));
        assertThat(readUpTo(data, "first")).contains("Content-Length: 10");
        data.binary("HTTP/1.0 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        data.close();
        caller.send("other");
        Response response = caller.readToEnd();
        assertThat(response.status()).isEqualTo(413);
        assertThat(response.body()).isEqualTo("big");
    }

    @Test
    void anExpectationIsMetAndAChunkedBodyGetsItsLength() throws Exception {
        RawCaller caller = rawRoutedCall(
                "POST /x HTTP/1.1", "Expect: 100-continue", "Transfer-Encoding: chunked", "Connection: close");
        assertThat(caller.readUpTo("\r\n\r\n")).startsWith("HTTP/1.1 100");
        caller.send("5\r\nhello\r\n0\r\n\r\n");
        Connection data = pickUp(awaitConnReady(control));
        assertThat(readUpTo(data, "hello"))
                .contains("Content-Length: 5")
                .doesNotContainIgnoringCase("expect")
                .doesNotContainIgnoringCase("chunked");
        sendResponse(data, "thanks");
        assertThat(caller.readToEnd().body()).isEqualTo("thanks");
    }

    @Test
    void anUpgradeLeavesHttp() throws Exception {
        RawCaller caller = rawRoutedCall("GET /x HTTP/1.1", "Connection: upgrade", "Upgrade: echo");
        Connection data = pickUp(awaitConnReady(control));
        assertThat(readUpTo(data, "\r\n\r\n")).contains("Upgrade: echo");
        data.binary("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        assertThat(caller.readUpTo("\r\n\r\n")).startsWith("HTTP/1.1 101").contains("X-Wolf-Instance: " + ID);
        caller.send("there");
        assertThat(readUpTo(data, "there")).isEqualTo("there");
        data.binary("and back");
        assertThat(caller.readUpTo("back")).isEqualTo("and back");
    }

    @Test
    void trailersOfAChunkedResponseArriveAndHopByHopFieldsDoNot() throws Exception {
        Response response = responseThrough(
                "GET /x HTTP/1.1",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: X-Private\r\nX-Private: 1\r\nTrailer: X-Sum\r\n\r\n"
                        + "5\r\nhello\r\n0\r\nX-Sum: 42\r\nX-Private: 2\r\nContent-Length: 7\r\n\r\n");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.head()).doesNotContain("X-Private");
        assertThat(response.body()).endsWith("0\r\nX-Sum: 42\r\n\r\n");
    }

    @Test
    void aResponseToHeadKeepsItsLength() throws Exception {
        Response response = responseThrough("HEAD /x HTTP/1.1", "HTTP/1.0 200 OK\r\nContent-Length: 12345\r\n\r\n");
        assertThat(response.head()).contains("Content-Length: 12345");
        assertThat(response.body()).isEmpty();
    }

    @Test
    void aBodyThatEndsWithTheConnectionIsComplete() throws Exception {
        Response response = responseThrough("GET /x HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nall of it");
        assertThat(response.reset()).isFalse();
        assertThat(response.body()).isEqualTo("all of it");
    }

    @Test
    void aResponseThatBreaksOffNeverLooksComplete() throws Exception {
        for (String version : new String[] {"HTTP/1.0", "HTTP/1.1"}) {
            Response response = responseThrough(
                    "GET /x " + version, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo");
            assertThat(response.isComplete()).as(version).isFalse();
        }
    }

    @Test
    void aCallerThatGoesAwayWhileItsDialWaitsWithdrawsIt() throws Exception {
        RawCaller caller = rawRoutedCall("GET /x HTTP/1.1");
        String connPath = awaitConnReady(control);
        caller.reset();
        awaitWithdrawn(1);
        assertThat(pickUp(connPath).end()).isNotNull();
    }

    private Response responseThrough(String requestLine, String text) throws Exception {
        RawCaller caller = rawRoutedCall(requestLine, "Connection: close");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary(text);
        data.fin();
        return caller.readToEnd();
    }

    private static String readUpTo(Connection data, String end) throws Exception {
        var read = new StringBuilder();
        while (!read.toString().endsWith(end)) {
            read.append(new String(data.read(1), ISO_8859_1));
        }
        return read.toString();
    }
}
