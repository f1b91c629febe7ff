package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.testkit.TestEndpoints;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * docs/protocol.md, "Data connections": if one side stops reading, the other side has to wait, no other stream does, and
 * the agent buffers little. With a real process and the JVM options that the agent is shipped with.
 *
 * <p>Each of {@value #STREAMS} streams is offered {@value #MIB} MiB; {@code -Dconformance.mib} sets another size.
 */
@Isolated("it measures memory")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BackPressureIT extends AgentSpec {
    private static final int STREAMS = 8;
    private static final int MIB = 1024;
    private static final int PIECE = 64 * 1024;
    private static final long OFFERED = Integer.getInteger("conformance.mib", MIB) * (1L << 20);
    private static final long ALLOWED = 64L << 20;
    private static final int PLACES = 1 << 20;
    /** What the streams carry is cut out of these, because making each piece anew would be most of the test's work. */
    private static final byte[] BYTES = TestEndpoints.noise(PLACES + PIECE, 1);

    @TempDir
    Path folder;

    @Test
    void aServerThatStopsReadingStopsWolfAndNothingPilesUp() throws Exception {
        holdsBack(stream -> stream.atWolf().out(), stream -> new Payloads(stream.atServer()));
    }

    @Test
    void aWolfThatStopsReadingStopsTheServerAndNothingPilesUp() throws Exception {
        holdsBack(stream -> new Messages(stream.atServer()), stream -> stream.atWolf()
                .in());
    }

    private interface Side<T> {
        T of(StreamEnds stream) throws IOException;
    }

    private void holdsBack(Side<OutputStream> sending, Side<InputStream> receiving) throws Exception {
        try (AgentProcess agent = agent();
                var timer = Executors.newSingleThreadScheduledExecutor()) {
            Connection control = accepted();
            timer.scheduleAtFixedRate(() -> keepAlive(control), 18, 18, TimeUnit.SECONDS);
            wolf.awaitProbe();
            List<StreamEnds> streams = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                streams.add(openStream(control));
            }
            warmUp(streams, sending, receiving);
            long before = agent.residentBytes();
            long heapBefore = heap(agent);

            var sent = new AtomicLong();
            List<CompletableFuture<Void>> senders = new ArrayList<>();
            for (StreamEnds stream : streams) {
                OutputStream out = sending.of(stream);
                senders.add(inBackground(() -> send(out, sent)));
            }
            long stuck = awaitStandstill(sent);
            assertThat(stuck).as("bytes that left before all stood still").isLessThan(STREAMS * OFFERED / 2);
            assertThat(agent.residentBytes() - before).as("growth of the RSS").isLessThan(ALLOWED);
            assertThat(heap(agent) - heapBefore).as("growth of the heap").isLessThan(ALLOWED);
            assertThat(agent.readyz()).isEqualTo(200);
            control.send(Frame.of(Frame.PING, bytes("still there?")));
            assertThat(control.frame(Frame.PONG).text()).isEqualTo("still there?");
            assertServes(control);

            List<CompletableFuture<Void>> receivers = new ArrayList<>();
            for (StreamEnds stream : streams) {
                InputStream in = receiving.of(stream);
                receivers.add(inBackground(() -> receive(in)));
            }
            CompletableFuture.allOf(senders.toArray(CompletableFuture[]::new)).get();
            CompletableFuture.allOf(receivers.toArray(CompletableFuture[]::new)).get();
            assertThat(agent.residentBytes() - before).as("growth of the RSS").isLessThan(ALLOWED);
            assertThat(agent.readyz()).isEqualTo(200);
        }
    }

    private static void keepAlive(Connection control) {
        try {
            control.keepAlive();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private AgentProcess agent() throws IOException {
        wolf.expectProbe();
        return AgentProcess.start(
                folder,
                List.of(),
                List.of("@" + Path.of(System.getProperty("basedir", "conformance"), "../tunnel-agent/jvm.options")),
                Map.of("RUNNER_TOKEN", TOKEN),
                List.of("-api-url", "http://" + server.authority(), "-wolf-id", "gpu-1", "-local", wolf.address()));
    }

    /** Loads classes and compiles code before anything is measured. */
    private static void warmUp(List<StreamEnds> streams, Side<OutputStream> sending, Side<InputStream> receiving)
            throws Exception {
        for (StreamEnds stream : streams) {
            OutputStream out = sending.of(stream);
            CompletableFuture<Void> sender = inBackground(() -> out.write(new byte[16 << 20]));
            receiving.of(stream).skipNBytes(16 << 20);
            sender.get();
        }
    }

    /** The live heap of the agent in bytes, after a collection. */
    private static long heap(AgentProcess agent) throws Exception {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        "-J-Dsun.tools.attach.attachTimeout=60000",
                        String.valueOf(agent.process.pid()),
                        "GC.class_histogram")
                .start();
        String histogram = new String(jcmd.getInputStream().readAllBytes(), UTF_8);
        String total = histogram
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(total.strip().split("\\s+")[2]);
    }

    /** Waits until nothing was sent for a second; returns the number of bytes sent until then. */
    private static long awaitStandstill(AtomicLong sent) {
        long last = -1;
        long since = System.nanoTime();
        while (System.nanoTime() - since < Duration.ofSeconds(1).toNanos()) {
            if (sent.get() != last) {
                last = sent.get();
                since = System.nanoTime();
            }
            LockSupport.parkNanos(10_000_000);
        }
        return last;
    }

    private static void send(OutputStream out, AtomicLong sent) throws IOException {
        for (long at = 0; at < OFFERED; at += PIECE) {
            out.write(BYTES, offset(at), PIECE);
            sent.addAndGet(PIECE);
        }
    }

    private static void receive(InputStream in) throws IOException {
        byte[] piece = new byte[PIECE];
        for (long at = 0; at < OFFERED; at += PIECE) {
            in.readNBytes(piece, 0, PIECE);
            int wanted = offset(at);
            if (!Arrays.equals(piece, 0, PIECE, BYTES, wanted, wanted + PIECE)) {
                throw new IOException("other bytes than were sent, after " + at);
            }
        }
    }

    /** Where in {@link #BYTES} the piece at this position of a stream begins: no two of the first 2^20 begin at the same place. */
    private static int offset(long at) {
        return (int) (at / PIECE * 7919 % PLACES);
    }

    private interface Work {
        void run() throws IOException;
    }

    private static CompletableFuture<Void> inBackground(Work work) {
        var done = new CompletableFuture<Void>();
        Thread.ofVirtual().name("back-pressure").start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (IOException | RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    /** Sends each write as one message. */
    private static final class Messages extends OutputStream {
        private final Connection connection;

        Messages(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one});
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            connection.binary(Arrays.copyOfRange(bytes, offset, offset + length));
        }
    }

    /** Reads the payloads of the messages one after the other. */
    private static final class Payloads extends InputStream {
        private final Connection connection;
        private byte[] frame = {};
        private int at;

        Payloads(Connection connection) {
            this.connection = connection;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            while (at == frame.length) {
                frame = connection.read(1);
                at = 0;
            }
            int count = Math.min(length, frame.length - at);
            System.arraycopy(frame, at, target, offset, count);
            at += count;
            return count;
        }
    }
}
