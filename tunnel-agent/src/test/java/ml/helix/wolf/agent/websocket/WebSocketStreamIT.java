package ml.helix.wolf.agent.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static ml.helix.wolf.testkit.Waiting.async;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.peer.ScriptedConnection;
import ml.helix.wolf.agent.peer.ScriptedServer;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.StreamLog;
import ml.helix.wolf.revdial.Timers;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.TestCertificates;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WebSocketStreamIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ScheduledExecutorService timers = Timers.daemon("test-timers");
    private LongSupplier nanoTime = System::nanoTime;
    private String[] serversHeaders = {};
    private final byte[] buffer = new byte[64 * 1024];
    private ScriptedServer server;

    @BeforeEach
    void listen() throws IOException {
        server = ScriptedServer.plain();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        timers.shutdownNow();
    }

    @Test
    void theUpgradeAsksForTheTargetWithTheTokenAndNoExtension() throws Exception {
        CompletableFuture<WebSocketStream> stream = connect("http://127.0.0.1:" + server.port(), noTrust());
        try (ScriptedConnection peer = server.next()) {
            peer.upgrade();

            assertThat(peer.requestLine()).isEqualTo("GET /some/path?a=b HTTP/1.1");
            assertThat(peer.header("Host")).isEqualTo("127.0.0.1:" + server.port());
            assertThat(peer.header("Authorization")).isEqualTo("Bearer the-token");
            assertThat(peer.header("Upgrade")).isEqualTo("websocket");
            assertThat(peer.header("Connection")).isEqualTo("Upgrade");
            assertThat(peer.header("Sec-WebSocket-Version")).isEqualTo("13");
            assertThat(peer.header("Sec-WebSocket-Key")).hasSize(24);
            assertThat(peer.header("Sec-WebSocket-Extensions")).isEmpty();
            assertThat(peer.header("Wolf-Tunnel-Ping")).isEqualTo("15");
            stream.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "401 Unauthorized, Unauthorized",
        "403 Forbidden, Forbidden",
        "404 Not Found, NotFound",
        "500 Internal Server Error, ServerError",
        "302 Found, ProtocolError",
        "200 OK, ProtocolError"
    })
    void anyAnswerBut101IsAFailureWithItsReason(String status, String reason) throws Exception {
        CompletableFuture<WebSocketStream> stream = connect("http://127.0.0.1:" + server.port(), noTrust());
        try (ScriptedConnection peer = server.next()) {
            peer.refuse(status, "Location: http://127.0.0.1:" + server.port() + "/elsewhere");

            assertThatThrownBy(() -> stream.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            TunnelException.class,
                            e -> assertThat(e.reason().word()).isEqualTo(reason));
        }
        assertThat(server.hasWaiting()).as("redirects followed").isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
                "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
                "SSH-2.0-x\r\n\r\n"
            })
    void aFalseAcceptanceIsRefused(String answer) throws Exception {
        CompletableFuture<WebSocketStream> stream = connect("http://127.0.0.1:" + server.port(), noTrust());
        try (ScriptedConnection peer = server.next()) {
            peer.raw(answer.getBytes(UTF_8));

            assertThatThrownBy(() -> stream.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(TunnelException.class);
        }
    }

    @Test
    void framesThatComeWithTheAcceptanceAreNotLost() throws Exception {
        CompletableFuture<WebSocketStream> stream = connect("http://127.0.0.1:" + server.port(), noTrust());
        try (ScriptedConnection peer = server.next()) {
            byte[] acceptance = peer.acceptance();
            byte[] all = Arrays.copyOf(acceptance, acceptance.length + 4);
            System.arraycopy(new byte[] {(byte) 0x82, 2, 'h', 'i'}, 0, all, acceptance.length, 4);
            peer.raw(all);

            assertThat(read(stream.get())).isEqualTo("hi");
        }
    }

    @Test
    void bytesGoBothWays() throws Exception {
        try (Pair pair = pair()) {
            pair.peer.binary("to the agent");
            assertThat(read(pair.stream)).isEqualTo("to the agent");

            write(pair.stream, "to the server");
            assertThat(pair.peer.next().text()).isEqualTo("to the server");
        }
    }

    @Test
    void pingsAreAnsweredWithTheirPayloadEvenWithinAMessage() throws Exception {
        try (Pair pair = pair()) {
            pair.peer.frame(2, false, "be".getBytes(UTF_8)).ping("one").ping("two");
            pair.peer.frame(0, true, "fore".getBytes(UTF_8));

            assertThat(read(pair.stream)).isEqualTo("be");
            assertThat(read(pair.stream)).isEqualTo("fore");
            assertThat(pair.peer.next()).satisfies(pong -> {
                assertThat(pong.opcode()).isEqualTo(10);
                assertThat(pong.text()).isEqualTo("one");
            });
            assertThat(pair.peer.next().text()).isEqualTo("two");
        }
    }

    @Test
    void aPingBehindABlockedWriterDoesNotStopTheReader() throws Exception {
        try (Pair pair = pair()) {
            CompletableFuture<Void> writer = fillUntilBlocked(pair.stream);
            for (int i = 0; i < 100; i++) {
                pair.peer.ping("ping " + i);
            }
            pair.peer.binary("still read");

            assertThat(read(pair.stream)).isEqualTo("still read");
            assertThat(writer).isNotDone();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1012})
    void aCloseFrameEndsTheStreamAndIsAnswered(int code) throws Exception {
        try (Pair pair = pair()) {
            pair.peer.binary("last").closeFrame(code);

            assertThat(read(pair.stream)).isEqualTo("last");
            assertThat(pair.stream.read(buffer, 0, 10)).isEqualTo(-1);
            pair.stream.close();
            assertThat(pair.peer.next().opcode()).isEqualTo(8);
            assertThat(pair.peer.awaitEnd()).isTrue();
        }
    }

    @Test
    void aBareFinEndsTheStreamAfterTheBytesBeforeIt() throws Exception {
        try (Pair pair = pair()) {
            pair.peer.binary("last").close();

            assertThat(read(pair.stream)).isEqualTo("last");
            assertThat(pair.stream.read(buffer, 0, 10)).isEqualTo(-1);
        }
    }

    @Test
    void aResetIsAnError() throws Exception {
        try (Pair pair = pair()) {
            pair.peer.reset();

            assertThatThrownBy(() -> pair.stream.read(buffer, 0, 10)).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void closeSendsACloseFrameAndWaitsForThePeers() throws Exception {
        try (Pair pair = pair()) {
            pair.stream.close();

            assertThat(pair.peer.next()).satisfies(close -> {
                assertThat(close.opcode()).isEqualTo(8);
                assertThat(close.payload()).containsExactly(0x03, 0xe8);
            });
            pair.peer.closeFrame(1000);
            assertThat(pair.peer.awaitEnd()).isTrue();
            assertThatThrownBy(() -> write(pair.stream, "too late")).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void theLastBytesArriveEvenIfThePeersBytesWereNeverRead() throws Exception {
        byte[] last = new byte[1_000_000];
        new Random(3).nextBytes(last);
        try (Pair pair = pair()) {
            pair.peer.frame(2, true, new byte[60_000]);
            CompletableFuture<Void> writer = run(() -> {
                pair.stream.write(last, 0, last.length);
                pair.stream.close();
            });

            int at = 0;
            ScriptedConnection.Frame frame;
            while ((frame = pair.peer.next()).opcode() == 2) {
                assertThat(frame.payload()).isEqualTo(Arrays.copyOfRange(last, at, at + frame.payload().length));
                at += frame.payload().length;
            }
            assertThat(at).isEqualTo(last.length);
            writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            pair.peer.close();
        }
    }

    /** @param begun what the read has got before; {@code 82} is half of a frame's head */
    @ParameterizedTest
    @ValueSource(strings = {"", "82", "827e00", "8203aa"})
    void aBlockedReadEndsWhenThePeerAnswersTheClose(String begun) throws Exception {
        nothingTimesOut();
        try (Pair pair = pair()) {
            pair.peer.raw(HexFormat.of().parseHex(begun));
            CompletableFuture<Integer> read = async(() -> {
                int count = pair.stream.read(new byte[10], 0, 10);
                return count + pair.stream.read(new byte[10], 0, 10);
            });
            pair.stream.close();

            assertThat(pair.peer.next().opcode()).isEqualTo(8);
            pair.peer.raw(new byte[] {(byte) 0xff, 1, 2, 3}).socket().shutdownOutput();
            assertThat(pair.peer.awaitEnd()).as("an end in order, no reset").isTrue();
            assertThatThrownBy(() -> read.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void aBlockedReadEndsWithTheSocketIfThePeerIsSilent() throws Exception {
        try (Pair pair = pair()) {
            CompletableFuture<Integer> read = async(() -> pair.stream.read(new byte[10], 0, 10));
            pair.stream.close();

            assertThatThrownBy(() -> read.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .hasCauseInstanceOf(SocketException.class);
            pair.stream.awaitClosed();
        }
    }

    @Test
    void closeEndsABlockedWriteAtOnce() throws Exception {
        nothingTimesOut();
        try (Pair pair = pair()) {
            CompletableFuture<Void> writer = fillUntilBlocked(pair.stream);
            pair.stream.close();

            assertThatThrownBy(() -> writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void aPeerThatNeverClosesIsClosedAfterItsSilence() throws Exception {
        try (Pair pair = pair()) {
            pair.stream.close();

            assertThat(pair.peer.next().opcode()).isEqualTo(8);
            pair.peer.awaitEnd();
            pair.stream.awaitClosed();
        }
    }

    /** It reads what is still queued. If its ping met a closed socket, the kernel would drop the rest. */
    @Test
    void aPeerThatPromisedPingsHasMoreTimeToClose() throws Exception {
        ManualScheduler clock = nothingTimesOut();
        serversHeaders = new String[] {"Wolf-Tunnel-Ping: 15"};
        try (Pair pair = pair()) {
            pair.stream.close();
            assertThat(pair.peer.next().opcode()).isEqualTo(8);
            Waiting.until("two limits, for silence and for all", () -> clock.waitingTasks() == 2);

            clock.advance(Duration.ofSeconds(49));
            assertThat(clock.waitingTasks()).as("limits that are not reached").isEqualTo(2);
            clock.advance(Duration.ofSeconds(1));
            pair.peer.awaitEnd();
        }
    }

    @Test
    void aProtocolErrorIsAnsweredByCode1002() throws Exception {
        try (Pair pair = pair()) {
            pair.peer.raw(new byte[] {(byte) 0xff, 0});

            assertThatThrownBy(() -> pair.stream.read(buffer, 0, 10)).isInstanceOf(IOException.class);
            pair.stream.close();
            assertThat(pair.peer.next().payload()).containsExactly(0x03, 0xea);
        }
    }

    @Test
    void writesAndTheCloseHandshakeWorkOverTls(@TempDir Path folder) throws Exception {
        var certificates = TestCertificates.in(folder);
        server.close();
        server = ScriptedServer.tls(certificates.server("localhost"));
        CompletableFuture<WebSocketStream> connecting =
                connect("https://localhost:" + server.port(), Trust.of(Optional.of(certificates.caFile()), false));
        try (ScriptedConnection peer = server.next().upgrade()) {
            WebSocketStream stream = connecting.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            byte[] big = new byte[300_000];
            new Random(5).nextBytes(big);
            CompletableFuture<Void> writer = run(() -> stream.write(big, 0, big.length));
            int at = 0;
            while (at < big.length) {
                byte[] payload = peer.next().payload();
                assertThat(payload).isEqualTo(Arrays.copyOfRange(big, at, at + payload.length));
                at += payload.length;
            }
            writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

            stream.close();
            assertThat(peer.next().opcode()).isEqualTo(8);
            peer.closeFrame(1000);
            assertThat(peer.awaitEnd()).as("close_notify before the FIN").isTrue();
        }
    }

    @Test
    void aReusedConnectionCarriesOneStreamAfterTheOther() throws Exception {
        try (Pair pair = reusedPair()) {
            var begun = new AtomicInteger();
            DataStream first = pair.stream.stream(begun::incrementAndGet);
            assertThat(begun).hasValue(0);
            pair.peer.frame(1, true, "begin dial-1".getBytes(UTF_8)).binary("one");
            assertThat(read(first)).isEqualTo("one");
            assertThat(begun).hasValue(1);
            assertThat(StreamLog.current().dial()).isEqualTo("dial-1");
            CompletableFuture<Integer> reading = async(() -> first.read(new byte[10], 0, 10));
            first.close();
            assertThat(pair.peer.next()).satisfies(WebSocketStreamIT::isEnd);
            pair.peer.binary("too late").ping("ping").frame(1, true, "end".getBytes(UTF_8));
            assertThat(reading.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(-1);
            assertThat(pair.stream.awaitStreamEnd()).isTrue();
            assertThat(pair.peer.next().text()).isEqualTo("ping");

            pair.stream.ready();
            assertThat(pair.peer.next().text()).isEqualTo("ready");
            first.close();
            DataStream second = pair.stream.stream(() -> {});
            pair.peer.frame(1, true, "begin dial-2".getBytes(UTF_8)).binary("two");
            pair.peer.frame(1, true, "end".getBytes(UTF_8));
            assertThat(read(second)).isEqualTo("two");
            assertThat(StreamLog.current().dial()).isEqualTo("dial-2");
            assertThat(second.read(buffer, 0, 10)).isEqualTo(-1);
            second.close();
            assertThat(pair.peer.next()).satisfies(WebSocketStreamIT::isEnd);
            assertThat(pair.stream.awaitStreamEnd()).isTrue();
        }
    }

    private static void isEnd(ScriptedConnection.Frame frame) {
        assertThat(frame.opcode()).isEqualTo(1);
        assertThat(frame.text()).isEqualTo("end");
    }

    @Test
    void aStreamThatWasNotBegunEndsTheConnection() throws Exception {
        try (Pair pair = reusedPair()) {
            pair.stream.stream(() -> {}).close();

            assertThat(pair.peer.next().payload()).containsExactly(0x03, 0xe8);
            assertThat(pair.stream.awaitStreamEnd()).isFalse();
        }
    }

    @Test
    void aStreamWhoseSourceBrokeEndsTheConnectionWith1011() throws Exception {
        try (Pair pair = reusedPair()) {
            pair.peer.frame(1, true, "begin dial-1".getBytes(UTF_8)).binary("one");
            read(pair.stream);
            pair.stream.sourceBroke();
            pair.stream.stream(() -> {}).close();

            assertThat(pair.peer.next().payload()).containsExactly(0x03, 0xf3);
            assertThat(pair.stream.awaitStreamEnd()).isFalse();
        }
    }

    @Test
    void aPeerThatDoesNotEndItsStreamGetsACloseFrame() throws Exception {
        ManualScheduler clock = nothingTimesOut();
        try (Pair pair = reusedPair()) {
            pair.peer.frame(1, true, "begin dial-1".getBytes(UTF_8)).binary("one");
            read(pair.stream);
            pair.stream.stream(() -> {}).close();
            CompletableFuture<Boolean> reusable = async(pair.stream::awaitStreamEnd);
            assertThat(pair.peer.next()).satisfies(WebSocketStreamIT::isEnd);
            clock.advance(Duration.ofSeconds(5));

            assertThat(pair.peer.next().opcode()).isEqualTo(8);
            pair.peer.close();
            assertThat(reusable.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isFalse();
        }
    }

    @Test
    void withoutTheServersConsentTextIsDataAndAStreamIsTheConnection() throws Exception {
        try (Pair pair = pair()) {
            assertThat(pair.peer.header("Wolf-Tunnel-Reuse")).isEqualTo("1");
            pair.peer.frame(1, true, "end".getBytes(UTF_8));
            assertThat(read(pair.stream)).isEqualTo("end");
            pair.stream.stream(() -> {}).close();

            assertThat(pair.peer.next().opcode()).isEqualTo(8);
        }
    }

    private Pair reusedPair() throws Exception {
        serversHeaders = new String[] {"Wolf-Tunnel-Reuse: 1"};
        return pair();
    }

    @Test
    void aPingGoesOutWhenNothingElseWasSentFor30Seconds() throws Exception {
        ManualScheduler clock = nothingTimesOut();
        try (Pair pair = pair()) {
            pair.stream.keepAlive();
            clock.advance(Duration.ofSeconds(10));
            write(pair.stream, "data");
            clock.advance(Duration.ofSeconds(29));
            clock.advance(Duration.ofSeconds(1));

            assertThat(pair.peer.next().text()).isEqualTo("data");
            assertThat(pair.peer.frame().opcode()).isEqualTo(9);
            clock.advance(Duration.ofSeconds(30));
            assertThat(pair.peer.frame().opcode()).isEqualTo(9);
        }
    }

    @Test
    void aSilentServerThatPromisedPingsIsClosedWithin60Seconds() throws Exception {
        ManualScheduler clock = nothingTimesOut();
        serversHeaders = new String[] {"Wolf-Tunnel-Ping: 15"};
        try (Pair pair = pair()) {
            pair.stream.keepAlive();
            CompletableFuture<Integer> read = async(() -> pair.stream.read(buffer, 0, 10));
            while (!read.isDone()) {
                clock.advance(Duration.ofSeconds(1)); // the read may begin after this loop
            }

            assertThatThrownBy(read::get).hasCauseInstanceOf(SocketException.class);
        }
    }

    @Test
    void anUnansweredPingEndsNothing() throws Exception {
        ManualScheduler clock = nothingTimesOut();
        try (Pair pair = pair()) {
            pair.stream.keepAlive();
            CompletableFuture<String> read = async(() -> read(pair.stream));
            for (int i = 0; i < 20; i++) {
                clock.advance(Duration.ofSeconds(45)); // the read may begin later
                assertThat(pair.peer.frame().opcode()).isEqualTo(9);
            }
            pair.peer.binary("still here");

            assertThat(read.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("still here");
        }
    }

    /** From now on nothing ends by a time-out, unless the test advances the clock. */
    private ManualScheduler nothingTimesOut() {
        timers.shutdownNow();
        var manual = new ManualScheduler();
        timers = manual;
        nanoTime = manual::nanoTime;
        return manual;
    }

    /** A stream and the server's end of it. */
    private record Pair(WebSocketStream stream, ScriptedConnection peer) implements AutoCloseable {
        @Override
        public void close() {
            stream.cut();
            peer.close();
        }
    }

    private Pair pair() throws Exception {
        CompletableFuture<WebSocketStream> stream = connect("http://127.0.0.1:" + server.port(), noTrust());
        ScriptedConnection peer = server.next().upgrade(serversHeaders);
        return new Pair(stream.get(PATIENCE.toSeconds(), TimeUnit.SECONDS), peer);
    }

    private CompletableFuture<WebSocketStream> connect(String url, Trust trust) {
        return async(() -> {
            var connector = new Connector(ControlPlaneUrl.parse(url), Optional.empty(), new Tls(trust), new Resolver());
            Wire wire = connector.connect(Deadline.in(PATIENCE, timers));
            return new Upgrade(connector.url().authority(), "/some/path?a=b", Secret.of("the-token"))
                    .perform(wire, timers, nanoTime);
        });
    }

    private static Trust noTrust() {
        return Trust.of(Optional.empty(), false);
    }

    /** Returns when the buffers of both sockets are full and a write waits. */
    private static CompletableFuture<Void> fillUntilBlocked(WebSocketStream stream) throws Exception {
        byte[] block = new byte[64 * 1024];
        var progress = new java.util.concurrent.atomic.AtomicLong();
        CompletableFuture<Void> writer = run(() -> {
            while (true) {
                stream.write(block, 0, block.length);
                progress.incrementAndGet();
            }
        });
        long before;
        do {
            before = progress.get();
            assertThat(writer).isNotDone();
            new java.util.concurrent.CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
        } while (before == 0 || before != progress.get());
        return writer;
    }

    private interface Action {
        void run() throws IOException;
    }

    private static CompletableFuture<Void> run(Action action) {
        return async(() -> {
            action.run();
            return null;
        });
    }

    private String read(ByteStream stream) throws IOException {
        int count = stream.read(buffer, 0, buffer.length);
        return new String(buffer, 0, count, UTF_8);
    }

    private static void write(WebSocketStream stream, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        stream.write(bytes, 0, bytes.length);
    }
}
