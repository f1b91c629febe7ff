package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedWolf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Allow-list": what the agent lets pass to Wolf. */
class AllowListIT extends AgentSpec {
    private static final String GET = "GET /api/v1/apps HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String POST = "POST /api/v1/sessions/7 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";

    private Connection control;

    @BeforeEach
    void connect() throws Exception {
        control = connected("-allow", "GET /api/v1/apps; POST /api/v1/sessions/*; GET /files/**");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /api/v1/pair/client HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
                "GET /api/v1/apps/add HTTP/1.1\r\n\r\n",
                "GET http://localhost/api/v1/apps HTTP/1.1\r\n\r\n",
                "GET //api/v1/apps HTTP/1.1\r\n\r\n",
                "GET /files/../api/v1/pair HTTP/1.1\r\n\r\n",
                "GET /files/%2e%2e/api/v1/pair HTTP/1.1\r\n\r\n",
                "GET /files/..;/api/v1/pair HTTP/1.1\r\n\r\n",
                "GET /api/v1/apps HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                "POST /api/v1/sessions/7 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /api/v1/sessions/7 HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                "GET /api/v1/apps HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
                "GET /api/v1/apps HTTP/1.1\n\n",
                "GET /api/v1/apps HTTP/1.1\r\nA: \u0000\r\n\r\n"
            })
    void theCallerGets403AndWolfHearsNothing(String request) throws Exception {
        Ends stream = openQuietly();
        stream.atServer().binary(request);
        assertRefused(stream);
    }

    @Test
    void aHeadWithoutAnEndIsRefused() throws Exception {
        Ends stream = openQuietly();
        stream.atServer().binary("GET /api/v1/apps HTTP/1.1\r\nA: " + "x".repeat(32 * 1024));
        assertRefused(stream);
    }

    @Test
    void anAllowedRequestReachesWolfWithoutASecondOneBehindIt() throws Exception {
        for (String request : new String[] {GET, POST}) {
            Ends stream = openQuietly();
            stream.atServer().binary(request + "POST /api/v1/pair/client HTTP/1.1\r\n\r\n");
            stream.atServer().binary(GET);
            assertThat(new String(stream.atWolf().read(request.length()), UTF_8))
                    .isEqualTo(request);
            stream.atWolf().write(bytes("HTTP/1.0 200 OK\r\n\r\nanswer"));
            assertThat(new String(stream.atServer().read(25), UTF_8)).endsWith("answer");
            stream.atServer().binary(GET);
            stream.atServer().fin();
            assertThat(stream.atWolf().readToEnd()).as("after the request").isEmpty();
        }
    }

    @Test
    void aHeadThatArrivesByteByByteIsJudgedAsAWhole() throws Exception {
        Ends stream = openQuietly();
        for (byte one : bytes(POST)) {
            stream.atServer().binary(new byte[] {one});
        }
        assertThat(new String(stream.atWolf().read(POST.length()), UTF_8)).isEqualTo(POST);
    }

    /** Both ends of a stream on which nothing was sent. */
    private record Ends(Connection atServer, ScriptedWolf.Stream atWolf) {}

    private Ends openQuietly() throws Exception {
        control.connReady(newPath());
        return new Ends(server.data().accept(), wolf.next());
    }

    private static void assertRefused(Ends stream) throws Exception {
        String answer = new String(stream.atServer().readToEnd(), UTF_8);
        assertThat(answer).startsWith("HTTP/1.1 403 ").contains("{\"error\":{\"code\":\"NotAllowed\"");
        assertThat(stream.atWolf().readToEnd()).isEmpty();
    }
}
