package ml.helix.wolf.operator.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.operator.observed.AgentAnswer;
import org.junit.jupiter.api.Test;

class StatusRequestIT {
    /** For tests in which time doesn't matter. */
    private static final Duration LONG = Duration.ofSeconds(60);

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

    private interface Script {
        void play(OutputStream out) throws IOException;
    }

    @Test
    void statusIsRead() throws Exception {
        assertThat(answerTo(out -> write(out, OK + "{\"state\":\"Connected\"}")))
                .isInstanceOf(AgentAnswer.Reported.class);
    }

    @Test
    void answerInPiecesIsRead() throws Exception {
        assertThat(answerTo(out -> {
                    for (byte one : (OK + "{\"state\":\"Connected\"}").getBytes(StandardCharsets.UTF_8)) {
                        out.write(one);
                        out.flush();
                    }
                }))
                .isInstanceOf(AgentAnswer.Reported.class);
    }

    @Test
    void otherAnswersThan200AreNoAgent() throws Exception {
        assertThat(why(out -> write(out, "HTTP/1.1 404 Not Found\r\n\r\n{\"state\":\"Connected\"}")))
                .contains("something else than 200");
        assertThat(why(out -> write(out, "SSH-2.0-OpenSSH_9.9\r\n"))).contains("something else than 200");
        assertThat(why(out -> {})).contains("something else than 200");
    }

    @Test
    void otherJsonIsNoAgent() throws Exception {
        assertThat(why(out -> write(out, OK + "{}"))).contains("no agent's status");
    }

    @Test
    void endlessAnswerIsCutOff() throws Exception {
        assertThat(why(out -> {
                    write(out, OK);
                    var block = new byte[8 * 1024];
                    while (true) {
                        out.write(block);
                    }
                }))
                .contains("longer than an agent's status");
    }

    @Test
    void answerThatTricklesTimesOut() throws Exception {
        var answer = answerTo(StatusRequest.TIMEOUT, out -> {
            write(out, OK);
            while (true) {
                out.write(' ');
                out.flush();
                LockSupport.parkNanos(50_000_000);
            }
        });
        assertThat(answer).isEqualTo(new AgentAnswer.Unreachable("no answer within 2 s"));
    }

    @Test
    void closedPortIsRefused() throws Exception {
        try (var bound = new Socket()) {
            bound.bind(new InetSocketAddress("127.0.0.1", 0));
            assertThat(StatusRequest.send(new AgentAddress("127.0.0.1", bound.getLocalPort()), Optional.empty(), LONG))
                    .isEqualTo(new AgentAnswer.Unreachable("the connection is refused"));
        }
    }

    private static String why(Script script) throws Exception {
        return ((AgentAnswer.Unreachable) answerTo(script)).why();
    }

    private static AgentAnswer answerTo(Script script) throws Exception {
        return answerTo(LONG, script);
    }

    private static AgentAnswer answerTo(Duration timeout, Script script) throws Exception {
        var request = new StringBuffer();
        try (var server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            var serving = Thread.ofVirtual().start(() -> serve(server, request, script));
            var answer =
                    StatusRequest.send(new AgentAddress("127.0.0.1", server.getLocalPort()), Optional.empty(), timeout);
            serving.join();
            assertThat(request.toString()).startsWith("GET /status HTTP/1.0\r\nHost: 127.0.0.1:");
            return answer;
        }
    }

    private static void serve(ServerSocket server, StringBuffer request, Script script) {
        try (var socket = server.accept()) {
            while (request.indexOf("\r\n\r\n") < 0) {
                request.append((char) socket.getInputStream().read());
            }
            script.play(socket.getOutputStream());
        } catch (IOException expected) {
            // the client has closed the connection
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
