package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract, section 4: unusual responses of a Wolf and unusual requests of a caller. */
class UnusualMessagesIT extends ControlPlaneSpec {

    @ParameterizedTest
    @CsvSource({
        "204 No Content, Content-Length: 4, ''",
        "204 No Content, Content-Length: 4, body",
        "204 No Content, Transfer-Encoding: chunked, '4\r\nbody\r\n0\r\n\r\n'",
        "304 Not Modified, Content-Length: 4, ''",
        "304 Not Modified, Content-Length: 4, body",
    })
    void aStatusWithoutABodyHasNone(String status, String header, String body) throws Exception {
        Response response = responseThrough("HTTP/1.1 " + status + "\r\n" + header + "\r\n\r\n" + body);
        assertThat(response.text()).startsWith("HTTP/1.1 " + status);
        assertThat(response.body()).isEmpty();
        assertThat(response.reset()).isFalse();
    }

    @Test
    void anInterimResponseMayHaveAContentLength() throws Exception {
        Response response = responseThrough("HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("ok");
    }

    @ParameterizedTest
    @CsvSource({"17, 200", "60, 200", "66, 502"})
    void aHeadMayHave64KiB(int kibibytes, int status) throws Exception {
        String field = "X-Long: " + "y".repeat(1014) + "\r\n";
        Response response =
                responseThrough("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + field.repeat(kibibytes) + "\r\nok");
        assertThat(response.status()).as(response.head()).isEqualTo(status);
        assertThat(response.isComplete()).isTrue();
    }

    @Test
    void aHeadOfShortFieldsMayHave64KiBToo() throws Exception {
        Response response =
                responseThrough("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + "a:b\n".repeat(15_000) + "\r\nok");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("ok");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no size", "-1", "fffffffffffffffff", ""})
    void aBadChunkSizeIsABadResponse(String size) throws Exception {
        Response response =
                responseThrough("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + "\r\nhello\r\n");
        assertThat(response.status()).isEqualTo(502);
        assertThat(response.body()).contains("\"BadResponse\"");
    }

    @ParameterizedTest
    @CsvSource({
        "Upgrade: websocket, Accept: */*",
        "Upgrade: h2c, Accept: */*",
        "Upgrade: h2c, 'Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'",
    })
    void anUpgradeThatIsNotSupportedIsIgnored(String upgrade, String other) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x HTTP/1.1", upgrade, other);
        Connection data = pickUp(awaitConnReady(control));
        String head = new String(data.read(1), US_ASCII);
        assertThat(head).doesNotContainIgnoringCase("upgrade").doesNotContainIgnoringCase("h2c");
        data.binary("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        assertThat(caller.readUpTo("\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /x HTTP/1.1", "POST /x HTTP/1.1", "HEAD /x HTTP/1.1", "GET /x HTTP/1.0"})
    void theConnectionIsClosedAfterAnErrorIfTheCallerAsksForThat(String requestLine) throws Exception {
        start();
        Response unknown =
                rawCall("wolf-nobody", requestLine, "Connection: close").readToEnd();
        assertThat(unknown.status()).isEqualTo(503);
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, requestLine, "Connection: close");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.fin();
        Response broken = caller.readToEnd();
        assertThat(broken.status()).isEqualTo(502);
        assertThat(broken.reset()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"wolf-%ff%fe", "wolf-%c3", "%ed%a0%80"})
    void anIdThatIsNotUtf8IsABadRequest(String id) throws Exception {
        start();
        Connection refused = open(agent(), CONTROL + id);
        assertThat(refused.head().status()).isEqualTo(400);
    }

    /** What a caller receives if Wolf sends this text and ends. */
    private Response responseThrough(String text) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x HTTP/1.1", "Connection: close");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary(text);
        data.fin();
        return caller.readToEnd();
    }
}
