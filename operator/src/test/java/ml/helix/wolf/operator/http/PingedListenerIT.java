package ml.helix.wolf.operator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PingedListenerIT {
    private static final Duration BETWEEN_PINGS = Duration.ofMillis(50);
    private static final int TEXT = 0x81;
    private static final int PING = 0x89;
    private static final int PONG = 0x8A;

    private final HttpClient client =
            PingingClientFactory.pinging(HttpClient.newBuilder(), BETWEEN_PINGS).build();
    private ServerSocket server;

    @BeforeEach
    void setUp() throws IOException {
        server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void tearDown() throws IOException {
        client.shutdownNow();
        server.close();
    }

    /** With the JDK's WebSocket alone, about one in five of these ends is lost. */
    @Test
    void endRightAfterAMessageIsNoticed() throws Exception {
        var watches = new ArrayList<Watch>();
        for (int i = 0; i < 30; i++) {
            var watch = new Watch();
            watches.add(watch);
            var opening = client.newWebSocketBuilder().buildAsync(address(), watch);
            try (var connection = accepted()) {
                opening.get(60, TimeUnit.SECONDS);
                connection.getOutputStream().write(new byte[] {(byte) TEXT, 1, 'a'});
            }
        }
        for (var watch : watches) {
            assertThat(watch.ended.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void serverThatAnswersNothingIsGone() throws Exception {
        var watch = new Watch();
        var opening = client.newWebSocketBuilder().buildAsync(address(), watch);
        try (var connection = accepted()) {
            var socket = opening.get(60, TimeUnit.SECONDS);
            assertThat(watch.ended.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(watch.error.get(60, TimeUnit.SECONDS)).hasMessageContaining("no ping");
            assertThat(socket.isInputClosed()).isTrue();
            assertThat(connection.isClosed()).isFalse();
        }
    }

    @Test
    void serverThatAnswersPingsIsNotGoneHoweverLongItSaysNothingElse() throws Exception {
        var watch = new Watch();
        var opening = client.newWebSocketBuilder().buildAsync(address(), watch);
        try (var connection = accepted()) {
            opening.get(60, TimeUnit.SECONDS);
            for (int i = 0; i < 20; i++) {
                assertThat(opcodeOfAFrameOf(connection)).isEqualTo(PING);
                connection.getOutputStream().write(new byte[] {(byte) PONG, 0});
            }
            assertThat(watch.ended.getCount()).as("is open").isEqualTo(1);
            connection.getOutputStream().write(new byte[] {(byte) TEXT, 1, 'a'});
            assertThat(watch.text.get(60, TimeUnit.SECONDS)).isEqualTo("a");
        }
    }

    private URI address() {
        return URI.create("ws://127.0.0.1:" + server.getLocalPort() + "/");
    }

    /** The next connection, its handshake answered. */
    private Socket accepted() throws IOException {
        var connection = server.accept();
        connection.setSoTimeout(60_000);
        var key = head(connection.getInputStream()).stream()
                .filter(line -> line.startsWith("Sec-WebSocket-Key: "))
                .map(line -> line.substring(line.indexOf(' ') + 1))
                .findFirst()
                .orElseThrow();
        var answer =
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
                        + accept(key) + "\r\n\r\n";
        connection.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        return connection;
    }

    private static List<String> head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.read());
        }
        return head.toString().lines().toList();
    }

    private static String accept(String key) {
        try {
            var bytes = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads a client's frame without content: two bytes, and four of the mask. */
    private static int opcodeOfAFrameOf(Socket connection) throws IOException {
        return Byte.toUnsignedInt(connection.getInputStream().readNBytes(6)[0]);
    }

    /** Asks for one message after the other, as Fabric8 does. */
    private static final class Watch implements WebSocket.Listener {
        final CompletableFuture<String> text = new CompletableFuture<>();
        final CompletableFuture<Throwable> error = new CompletableFuture<>();
        final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.complete(data.toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
            ended.countDown();
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable cause) {
            error.complete(cause);
            ended.countDown();
        }
    }
}
