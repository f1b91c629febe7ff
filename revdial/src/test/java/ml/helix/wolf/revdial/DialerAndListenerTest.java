package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Both halves of the protocol, connected in memory: Wolf reads what a caller writes, and the other way round. */
class DialerAndListenerTest {
    private static final String ID = "wolf-gpu-1";

    private final ManualScheduler timers = new ManualScheduler();
    private final ConnectionManager manager =
            new ConnectionManager(Duration.ofSeconds(30), Duration.ofSeconds(30), timers, timers::nanoTime);
    private final Wire toAgent = new Wire();
    private final Wire toServer = new Wire();
    private final LocalDialer dialer = manager.connected(ID, new RemoteAgent("", "192.0.2.1", 1), toAgent);
    private final Listener listener = new Listener(toServer, this::pickUp, timers, timers::nanoTime, () -> {});

    DialerAndListenerTest() {
        toAgent.start(listener::receive, listener::close);
        toServer.start(dialer::receive, dialer::disconnected);
    }

    @AfterEach
    void end() {
        manager.close();
        listener.close();
    }

    @Test
    void fiveHundredCallersAtOnceReachWolfAndBack() throws Exception {
        List<CompletableFuture<byte[]>> callers = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            byte[] request = ("request " + i).getBytes();
            callers.add(Waiting.async(() -> {
                try (ByteStream stream = manager.dials().dial(ID)) {
                    stream.write(request, 0, request.length);
                    return readFully(stream, request.length);
                }
            }));
        }
        for (int i = 0; i < 500; i++) {
            assertThat(Waiting.result(callers.get(i))).isEqualTo(("request " + i).getBytes());
        }
        Waiting.until(
                "no stream is left", () -> manager.runner(ID).orElseThrow().streams() == 0);
    }

    @Test
    void bothSidesKeepEachOtherAliveForHours() throws Exception {
        for (int i = 0; i < 500; i++) {
            int lines = i + 1;
            Waiting.until("the keep-alive is there", () -> toAgent.received == lines && !dialer.owesKeepAlive());
            timers.advance(Duration.ofSeconds(18));
        }
        assertThat(manager.stats()).isEqualTo(new Stats(1, 0, 0, 0));
    }

    @Test
    void anAgentThatStopsRefusesNewDialsAndTheServerKnows() throws Exception {
        ByteStream running = manager.dials().dial(ID);
        listener.drain();
        CompletableFuture<ByteStream> dial = Waiting.async(() -> manager.dials().dial(ID));
        assertThat(Waiting.failure(dial)).hasMessage("wolf-gpu-1 could not pick up: the agent is stopping");
        assertThat(manager.runner(ID)).contains(new RunnerState(ID, true, false, true, false, 1));
        running.write(new byte[] {7}, 0, 1);
        assertThat(readFully(running, 1)).containsExactly(7);
    }

    /** The agent's pickup: a data connection to the server, spliced with a Wolf that echoes. */
    private Pickup.PreparedSplice pickUp(ConnPath connPath) throws IOException {
        Matcher ids = Pattern.compile("/api/v1/revdial\\?revdial\\.dialer=(.*)&revdial\\.req=(.*)")
                .matcher(connPath.target());
        if (!ids.matches()) {
            throw new PickupException("not what a server sends: " + connPath);
        }
        Pipe data = new Pipe(64);
        Pipe wolf = new Pipe(64);
        Thread.ofVirtual().start(() -> echo(wolf.right));
        manager.dials().deliver(ids.group(1), ids.group(2), data.left);
        return new Pickup.PreparedSplice() {
            @Override
            public void run() {
                new Splice(data.right, wolf.left, n -> {}, n -> {}).run();
            }

            @Override
            public void close() {
                data.right.close();
                wolf.left.close();
            }
        };
    }

    private static void echo(ByteStream stream) {
        byte[] buffer = new byte[32];
        try {
            for (int n = stream.read(buffer, 0, 32); n >= 0; n = stream.read(buffer, 0, 32)) {
                stream.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // closed
        } finally {
            stream.close();
        }
    }

    private static byte[] readFully(ByteStream stream, int length) throws IOException {
        byte[] bytes = new byte[length];
        for (int count = 0; count < length; ) {
            int read = stream.read(bytes, count, length - count);
            if (read < 0) {
                throw new IOException("ended after " + count);
            }
            count += read;
        }
        return bytes;
    }

    /** One direction of a control connection. Delivers each line in two pieces. */
    private static final class Wire implements ControlSender {
        private static final byte[] END = new byte[0];
        private final BlockingQueue<byte[]> lines = new LinkedBlockingQueue<>();
        volatile int received;

        void start(Consumer<ByteBuffer> receiver, Runnable onEnd) {
            Thread.ofVirtual().start(() -> {
                try {
                    for (byte[] line = lines.take(); line != END; line = lines.take()) {
                        receiver.accept(ByteBuffer.wrap(line, 0, line.length / 2));
                        receiver.accept(ByteBuffer.wrap(line, line.length / 2, line.length - line.length / 2));
                        received++;
                    }
                    onEnd.run();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        @Override
        public void send(byte[] line) {
            lines.add(line);
        }

        @Override
        public void close(ControlEnd end) {
            lines.add(END);
        }
    }
}
