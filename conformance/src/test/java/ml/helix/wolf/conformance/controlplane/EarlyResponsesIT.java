package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 4: Wolf's response reaches its caller, whichever side ends first. */
class EarlyResponsesIT extends ControlPlaneSpec {
    private static final String TOO_LARGE = "HTTP/1.0 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";

    @RepeatedTest(10)
    void aResponseBeforeTheEndOfTheUploadReachesTheCaller() throws Exception {
        start();
        Connection control = connect(ID);
        int length = 5_000_000;
        RawCaller caller = rawCall(ID, "POST /x HTTP/1.1", "Content-Length: " + length, "Connection: close");
        Thread.ofVirtual().start(() -> send(caller, "x".repeat(length)));
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary(TOO_LARGE);
        // Resets the connection, since most of the upload is unread.
        data.close();
        Response response = caller.readToEnd();
        assertThat(response.status()).as(response.toString()).isEqualTo(413);
        assertThat(response.body()).isEqualTo("big");
    }

    @Test
    void aResponseOfAWolfThatClosesBeforeItHasReadTheRequestReachesTheCaller() throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x HTTP/1.1", "Connection: close");
        Connection data = pickUp(awaitConnReady(control));
        data.binary(TOO_LARGE);
        data.close();
        assertThat(caller.readToEnd().status()).isEqualTo(413);
    }

    @Test
    void anErrorIsSentBeforeTheEndOfTheUpload() throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller =
                rawCall(ID, "POST /x HTTP/1.1", "Content-Length: 1000").send("not all of it");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.fin();
        assertThat(caller.readUpTo("\r\n\r\n")).startsWith("HTTP/1.1 502");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0", "HTTP/1.1"})
    void aCallerThatHalfClosesGetsItsResponse(String version) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x " + version).halfClose();
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        // The control plane probes the caller with the first bytes of the status line.
        assertThat(caller.readUpTo("HTTP/1")).isEqualTo("HTTP/1");
        sendResponse(data, "hello");
        Response rest = caller.readToEnd();
        assertThat(rest.text()).startsWith(".1 200 OK\r\n").endsWith("\r\n\r\nhello");
        assertThat(rest.reset()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0", "HTTP/1.1"})
    void aCallerThatHalfClosesAfterItsBodyGetsItsResponse(String version) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "POST /x " + version, "Content-Length: 5")
                .send("hello")
                .halfClose();
        respond(pickUp(awaitConnReady(control)), "thanks");
        Response response = caller.readToEnd();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("thanks");
    }

    @Test
    void aCallerThatHalfClosesGetsAnErrorToo() throws Exception {
        start("-dial-timeout", "2");
        connect(ID);
        Response response = rawCall(ID, "GET /x HTTP/1.1").halfClose().readToEnd();
        assertThat(response.status()).isEqualTo(504);
        assertThat(response.body()).contains("\"DialTimeout\"");
    }

    @Test
    void aCallerThatHalfClosesGetsAStreamOfEvents() throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /events HTTP/1.1").halfClose();
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary("HTTP/1.0 200 OK\r\n\r\n");
        caller.readUpTo("\r\n\r\n");
        data.binary("event: 1\n\n");
        caller.readUpTo("event: 1\n\n\r\n0");
        data.binary("event: 2\n\n");
        data.fin();
        assertThat(caller.readToEnd().text()).endsWith("\r\nevent: 2\n\n\r\n0\r\n\r\n");
    }

    private static void send(RawCaller caller, String body) {
        try {
            caller.send(body);
        } catch (IOException e) {
            // the response came before the end of the upload
        }
    }
}
