package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Contract, section 4: a response that broke off never looks complete, whatever the HTTP version and framing. */
class BrokenResponsesIT extends ControlPlaneSpec {
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String UNTIL_THE_END = "HTTP/1.0 200 OK\r\n\r\n";

    /** HTTP version and connection header of a caller. */
    enum Caller {
        HTTP_1_1("HTTP/1.1"),
        HTTP_1_1_CLOSE("HTTP/1.1", "Connection: close"),
        HTTP_1_0("HTTP/1.0"),
        HTTP_1_0_KEEP_ALIVE("HTTP/1.0", "Connection: keep-alive");

        private final String version;
        private final String[] headers;

        Caller(String version, String... headers) {
            this.version = version;
            this.headers = headers;
        }
    }

    static Stream<Arguments> broken() {
        Stream<Arguments> cut = Stream.of(Ending.values()).flatMap(ending -> Stream.of(
                        CHUNKED + "5\r\nhello\r\n",
                        CHUNKED + "5\r\nhello\r\n10\r\nhalf of it",
                        CHUNKED + "5\r\nhello\r\n0",
                        CHUNKED + "5\r\nhello\r\nno size\r\n",
                        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
                .map(text -> Arguments.of(text, ending)));
        Stream<Arguments> untilTheEnd = Stream.of(Ending.RESET, Ending.CLOSE_FRAME_WITH_AN_ERROR)
                .map(ending -> Arguments.of(UNTIL_THE_END + "hello", ending));
        List<Arguments> all = Stream.concat(cut, untilTheEnd).toList();
        return Stream.of(Caller.values())
                .flatMap(caller -> all.stream().map(one -> Arguments.of(caller, one.get()[0], one.get()[1])));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void aResponseThatBreaksOffIsNotComplete(Caller caller, String text, Ending ending) throws Exception {
        start();
        Response response = responseThrough(caller, text, ending);
        assertThat(response.isComplete()).as(response.toString()).isFalse();
        assertThat(response.status()).isEqualTo(200);
    }

    @ParameterizedTest
    @EnumSource
    void aKilledAgentOfThisProjectBreaksTheResponse(Caller caller) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller rawCaller = rawCall(ID, "GET /x " + caller.version, caller.headers);
        var ownAgent = agent().with("Authorization: Bearer " + RUNNER_TOKEN, "User-Agent: wolf-tunnel-agent/0.1.0");
        Connection data = open(ownAgent, "/api/v1" + awaitConnReady(control));
        data.read(1);
        data.binary(UNTIL_THE_END + "hello");
        rawCaller.readUpTo("\r\n\r\n");
        data.fin();
        Response rest = rawCaller.readToEnd();
        assertThat(rest.text()).doesNotEndWith("0\r\n\r\n");
        assertThat(rest.reset()).isEqualTo(!caller.version.equals("HTTP/1.1"));
    }

    static Stream<Arguments> complete() {
        return Stream.of(Caller.values())
                .flatMap(caller -> Stream.of(
                        Arguments.of(caller, CHUNKED + "5\r\nhello\r\n0\r\n\r\n", Ending.RESET),
                        Arguments.of(caller, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ending.RESET),
                        Arguments.of(caller, UNTIL_THE_END + "hello", Ending.CLOSE_FRAME),
                        Arguments.of(caller, UNTIL_THE_END + "hello", Ending.FIN)));
    }

    @ParameterizedTest
    @MethodSource("complete")
    void aCompleteResponseIsComplete(Caller caller, String text, Ending ending) throws Exception {
        start();
        Response response = responseThrough(caller, text, ending);
        assertThat(response.isComplete()).as(response.toString()).isTrue();
        assertThat(response.body()).contains("hello");
    }

    /** What a caller receives of this response. The stream ends after the caller has received the first bytes of the body. */
    private Response responseThrough(Caller caller, String text, Ending ending) throws Exception {
        Connection control = connect(ID);
        RawCaller rawCaller = rawCall(ID, "GET /x " + caller.version, caller.headers);
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        int body = text.indexOf("hello");
        data.binary(text.substring(0, body + 5));
        String received = rawCaller.readUpTo("hello");
        data.binary(text.substring(body + 5));
        ending.of(data);
        if (caller == Caller.HTTP_1_1) {
            rawCaller.halfClose();
        }
        Response rest = rawCaller.readToEnd();
        return new Response(received + rest.text(), rest.reset());
    }
}
