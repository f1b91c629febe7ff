package ml.helix.wolf.agent.allow;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestCheckTest {
    private static final AllowList ANY_PATH = AllowList.parse("GET /**; POST /**");
    private static final AllowList SOME = AllowList.parse("GET /api/v1/apps; POST /api/v1/sessions/*");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /api/v1/apps HTTP/1.1\r\n\r\n",
                "GET /api/v1/apps HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "GET /api/v1/apps?x=/../;%2e HTTP/1.1\r\nX-Name: a\tb \u00e9\r\nEmpty:\r\n\r\n",
                "GET /%61pi/v1/apps HTTP/1.1\r\nConnection: keep-alive, TE\r\n\r\n",
                "POST /api/v1/sessions/a%20%C3%A9!$&'()*+,=:@~ HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello",
                "POST /api/v1/sessions/... HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
            })
    void anAllowedRequestPassesByteForByteHoweverItIsCut(String request) {
        for (int piece = 1; piece <= request.length(); piece++) {
            assertThat(Passed.of(SOME, request.getBytes(ISO_8859_1), piece)).isEqualTo(new Passed(request, ""));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /api/v1/pair/pending HTTP/1.1",
                "POST /api/v1/apps HTTP/1.1",
                "DELETE /api/v1/apps HTTP/1.1",
                "get /api/v1/apps HTTP/1.1",
                "GET / HTTP/1.1",
                "POST /api/v1/sessions HTTP/1.1",
                "POST /api/v1/sessions/1/2 HTTP/1.1",
                "GET /api/v1/apps%20 HTTP/1.1"
            })
    void whatMatchesNoRuleIsRefused(String line) {
        Passed passed = Passed.of(SOME, (line + "\r\nContent-Length: 3\r\n\r\nabc").getBytes(ISO_8859_1), 1024);
        assertThat(passed.bytes()).isEmpty();
        assertThat(passed.refused()).contains("matches no rule");
    }

    static Stream<String> ambiguous() {
        Stream<String> targets = Stream.of(
                "http://localhost/api",
                "localhost:80",
                "*",
                "//api",
                "/api//v1",
                "/api/",
                "/./api",
                "/x/../api",
                "/api/..",
                "/%2e%2e/api",
                "/.%2E/api",
                "/%252e%252e/api",
                "/api;x=1",
                "/;/api",
                "/..;/api",
                "/api%3bx",
                "/api%2fv1",
                "/api%2Fv1",
                "/api\\v1",
                "/api%5cv1",
                "/api%00",
                "/api%0d%0a",
                "/api%7f",
                "/api#x",
                "/api%23",
                "/api%3f",
                "/%zz",
                "/%4",
                "/%",
                "/%c0%ae%c0%ae/",
                "/%c0%af",
                "/%ff",
                "/api v1",
                "/\u00e9",
                "/api\u0000",
                "");
        Stream<String> requests = Stream.of(
                "GET /api\r\n\r\n",
                "GET /api HTTP/0.9\r\n\r\n",
                "GET /api HTTP/1.2\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "GET /api HTTP/1.1 \r\n\r\n",
                "GET  /api HTTP/1.1\r\n\r\n",
                "GET\t/api\tHTTP/1.1\r\n\r\n",
                " GET /api HTTP/1.1\r\n\r\n",
                "\r\nGET /api HTTP/1.1\r\n\r\n",
                "\nGET /api HTTP/1.1\r\n\r\n",
                "GET /api HTTP/1.1\n\n",
                "GET /api HTTP/1.1\r\nA: b\n\r\n",
                "GET /api HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
                "GET /api HTTP/1.1\r\r\n\r\n");
        Stream<String> headers = Stream.of(
                "no colon",
                ": no name",
                "Content-Length : 3",
                " folded: 1",
                "\tfolded: 1",
                "A: b\r\n folded",
                "A: nul\u0000",
                "A\u0000: b",
                "A: \u0001",
                "A: \u007f",
                "N\u00e4me: b",
                "Transfer-Encoding: chunked",
                "tRANSFER-eNCODING:identity",
                "Transfer-Encoding:\tchunked\r\nContent-Length: 3",
                "Content-Length: 3\r\nTransfer-Encoding: xchunked",
                "Content-Length: 3\r\nContent-Length: 3",
                "Content-Length: 3\r\ncontent-length: 4",
                "Content-Length: 3, 3",
                "Content-Length: +3",
                "Content-Length: -3",
                "Content-Length: 0x3",
                "Content-Length: 3 3",
                "Content-Length: 3;",
                "Content-Length:",
                "Content-Length: 99999999999999999999",
                "Upgrade: websocket",
                "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings",
                "Connection: upgrade",
                "Connection: close, Content-Length",
                "Connection:",
                "Host: a\r\nHost: b");
        return Stream.of(
                        targets.map(target -> "GET " + target + " HTTP/1.1\r\n\r\n"),
                        requests,
                        headers.map(header -> "POST /api HTTP/1.1\r\n" + header + "\r\n\r\nabc"))
                .flatMap(request -> request);
    }

    @ParameterizedTest
    @MethodSource("ambiguous")
    void whatServersReadInDifferentWaysIsRefusedHoweverItIsCut(String request) {
        for (int piece : new int[] {1, 7, 1024}) {
            Passed passed = Passed.of(ANY_PATH, request.getBytes(ISO_8859_1), piece);
            assertThat(passed.bytes()).isEmpty();
            assertThat(passed.refused()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /secret HTTP/1.1\r\n\r\n", "\r\n", "x"})
    void whatFollowsTheRequestDoesNotPass(String more) {
        String get = "GET /api/v1/apps HTTP/1.1\r\nConnection: keep-alive\r\n\r\n";
        String post = "POST /api/v1/sessions/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        for (int piece : new int[] {1, 7, 64, 1024}) {
            assertThat(Passed.of(SOME, (get + more + get).getBytes(ISO_8859_1), piece))
                    .isEqualTo(new Passed(get, ""));
            assertThat(Passed.of(SOME, (post + more + post).getBytes(ISO_8859_1), piece))
                    .isEqualTo(new Passed(post, ""));
        }
    }

    @Test
    void aHeadMayHave16KiBAndNoMore() {
        String start = "GET /api/v1/apps HTTP/1.1\r\nA: ";
        String longest = start + "x".repeat(RequestCheck.MAX_HEAD - start.length() - 4) + "\r\n\r\n";
        assertThat(Passed.of(SOME, longest.getBytes(ISO_8859_1), 1000)).isEqualTo(new Passed(longest, ""));
        Passed longer = Passed.of(SOME, longest.replace("A:", "Aa:").getBytes(ISO_8859_1), 1000);
        assertThat(longer.bytes()).isEmpty();
        assertThat(longer.refused()).contains("longer than 16384 bytes");
    }

    @Test
    void halfAHeadPassesNothing() {
        assertThat(Passed.of(SOME, "GET /api/v1/apps HTTP/1.1\r\nHost: x\r\n".getBytes(ISO_8859_1), 3))
                .isEqualTo(new Passed("", ""));
    }
}
