package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.RawHttp.readHead;
import static ml.helix.wolf.controlplane.RawHttp.readToEnd;
import static ml.helix.wolf.controlplane.RawHttp.write;
import static ml.helix.wolf.controlplane.TestControlPlane.ADMIN_TOKEN;
import static ml.helix.wolf.controlplane.TestControlPlane.proxied;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The methods with a meaning of their own, sent as raw bytes: HEAD, TRACE and CONNECT. */
class MethodsIT {
    private static final String TOKEN = "X-Admin-Token: " + ADMIN_TOKEN + "\r\n";
    private static final String LIVEZ = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    private static final String TARGET = proxied("wolf-1", "/x");

    private static TestControlPlane controlPlane;

    private Wolf wolf;
    private TestAgent agent;

    @BeforeAll
    static void start() throws IOException {
        controlPlane = TestControlPlane.start();
    }

    @AfterAll
    static void stop() {
        controlPlane.close();
    }

    @BeforeEach
    void connect() throws IOException {
        wolf = new Wolf();
        agent = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(wolf.port()));
    }

    @AfterEach
    void disconnect() throws IOException {
        agent.close();
        wolf.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                "HTTP/1.0 200 OK\r\n\r\nhello",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.0 404 Not Found\r\nContent-Length: 5\r\n\r\nhello",
                "HTTP/1.0 204 No Content\r\n\r\n",
                "HTTP/1.0 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            })
    void noResponseToHeadHasABodyWhateverWolfSends(String response) throws Exception {
        wolf.answer = response;

        String answers = send("HEAD " + TARGET + " HTTP/1.1\r\nHost: x\r\n" + TOKEN + "\r\n" + LIVEZ);

        assertThat(bodyOfTheFirst(answers)).isEmpty();
        assertThat(statuses(answers)).hasSize(2).endsWith("200");
        assertThat(answers).endsWith("\r\n\r\nok\n");
        assertThat(wolf.requests).singleElement().asString().startsWith("HEAD /x HTTP/1.");
    }

    @Test
    void noErrorThatAnswersHeadHasABody() throws Exception {
        wolf.answer = "";
        for (String head : List.of(
                "HEAD " + TARGET + " HTTP/1.1\r\n" + TOKEN,
                "HEAD " + TARGET + " HTTP/1.1\r\n",
                "HEAD " + proxied("nobody", "/x") + " HTTP/1.1\r\n" + TOKEN,
                "HEAD " + TARGET + " HTTP/1.1\r\nHost: y\r\n" + TOKEN,
                "HEAD " + TARGET + " HTTP/1.1\r\nContent-Length: x\r\n" + TOKEN,
                "HEAD http://[ HTTP/1.1\r\n" + TOKEN,
                "HEAD /api/v1/nothing HTTP/1.1\r\n" + TOKEN)) {
            try (Socket caller = controlPlane.connect()) {
                write(caller, head + "Host: x\r\nConnection: close\r\n\r\n");
                assertThat(readHead(caller.getInputStream())).matches("(?s)HTTP/1.1 [45]\\d\\d .*");
                assertThat(readToEnd(caller)).isEmpty();
            }
        }
    }

    /** RFC 9110, section 9.1: methods are case-sensitive, so these are no HEAD. */
    @ParameterizedTest
    @ValueSource(strings = {"head", "Head"})
    void anotherMethodThatOnlyLooksLikeHeadGetsABody(String method) throws Exception {
        wolf.answer = "HTTP/1.0 501 Not Implemented\r\nContent-Length: 5\r\n\r\nhello";

        assertThat(send(method + " " + TARGET + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + TOKEN + "\r\n"))
                .startsWith("HTTP/1.1 501")
                .endsWith("\r\n\r\nhello");
        assertThat(wolf.requests).singleElement().asString().startsWith(method + " /x");
    }

    @Test
    void traceReachesWolfWithoutTheToken() throws Exception {
        wolf.answer = "HTTP/1.0 200 OK\r\nContent-Type: message/http\r\nContent-Length: 2\r\n\r\nok";

        assertThat(send("TRACE " + TARGET + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + TOKEN + "\r\n"))
                .startsWith("HTTP/1.1 200")
                .endsWith("\r\n\r\nok");
        assertThat(wolf.requests)
                .singleElement()
                .asString()
                .startsWith("TRACE /x")
                .doesNotContain(ADMIN_TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRACE", "HEAD", "OPTIONS", "GET"})
    void noMethodReachesWolfWithoutAToken(String method) throws Exception {
        assertThat(send(method + " " + TARGET + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 401");
        assertThat(wolf.requests).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CONNECT /api/v1/wolf-instances/wolf-1/proxy/x",
                "CONNECT wolf-1:80",
                "CONNECT 127.0.0.1:80",
                "CONNECT http://x/api/v1/wolf-instances/wolf-1/proxy/x",
                "CONNECT /api/v1/wolf/x",
                "CONNECT x:80",
            })
    void connectIsRefusedAndWhatFollowsIsNoRequest(String line) throws Exception {
        String answer = send(line + " HTTP/1.1\r\nHost: x:80\r\n" + TOKEN + "\r\n" + LIVEZ);

        assertThat(answer).matches("(?s)HTTP/1.1 4\\d\\d .*").contains("{\"error\":{\"code\":");
        assertThat(statuses(answer)).hasSize(1);
        assertThat(wolf.requests).isEmpty();
    }

    private static List<String> statuses(String answers) {
        return Pattern.compile("HTTP/1\\.1 (\\d+)")
                .matcher(answers)
                .results()
                .map(status -> status.group(1))
                .toList();
    }

    private static String bodyOfTheFirst(String answers) {
        int body = answers.indexOf("\r\n\r\n") + 4;
        return answers.substring(body, answers.indexOf("HTTP/1.1 ", body));
    }

    private static String send(String request) throws IOException {
        try (Socket caller = controlPlane.connect()) {
            caller.setSoTimeout(30_000);
            write(caller, request);
            return readToEnd(caller);
        }
    }

    /** Keeps the heads of its requests, and answers each with the same bytes. */
    private static final class Wolf implements AutoCloseable {
        final List<String> requests = new CopyOnWriteArrayList<>();
        volatile String answer = "";
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        Wolf() throws IOException {
            Thread.ofVirtual().name("wolf").start(this::serve);
        }

        private void serve() {
            while (!server.isClosed()) {
                try (Socket connection = server.accept()) {
                    requests.add(readHead(connection.getInputStream()));
                    write(connection, answer);
                } catch (IOException e) {
                    // the server is closed, or this connection broke
                }
            }
        }

        int port() {
            return server.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
