package ml.helix.wolf.bench.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * Sends every agent's heartbeat each 30 s, spread evenly: each on a connection of its own as the real agent does, or an agent's
 * all on one that is kept open. Runs from the constructor to {@link #close}. Thread-safe.
 */
final class Heartbeats implements AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final int AT_ONCE = 256;

    /** As long as a real one. */
    private static final String BODY = """
            {"wolfReachable":true,"activeSessions":2,"maxSessions":8,"zone":"eu-1","agentVersion":"0.1",\
            "gpuName":"NVIDIA RTX 4000","gpuUtilizationPercent":35.5,"gpuMemoryUsedMb":4000,"gpuMemoryTotalMb":20000,\
            "gpuTemperatureCelsius":61}""";

    private final int agents;
    private final Endpoint endpoint;
    /** By agent, where they are kept open; else empty. */
    private final AtomicReferenceArray<@Nullable Socket> kept;

    private final LongAdder accepted = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Thread thread;

    Heartbeats(int agents, Endpoint endpoint, boolean keep) {
        this.agents = agents;
        this.endpoint = endpoint;
        this.kept = new AtomicReferenceArray<>(keep ? agents : 0);
        this.thread = Thread.ofVirtual().name("heartbeats").start(this::run);
    }

    long accepted() {
        return accepted.sum();
    }

    long failed() {
        return failed.sum();
    }

    private void run() {
        var slots = new Semaphore(AT_ONCE);
        long start = System.nanoTime();
        for (long sent = 0; !Thread.currentThread().isInterrupted(); sent++) {
            LockSupport.parkNanos(start + sent * INTERVAL.toNanos() / agents - System.nanoTime());
            int number = (int) (sent % agents);
            slots.acquireUninterruptibly();
            Thread.ofVirtual().start(() -> {
                try {
                    send(number);
                } finally {
                    slots.release();
                }
            });
        }
    }

    private void send(int number) {
        boolean keep = kept.length() > 0;
        @Nullable Socket socket = keep ? kept.getAndSet(number, null) : null;
        try {
            if (socket == null) {
                socket = endpoint.connect(number);
            }
            socket.getOutputStream().write("""
                            POST /api/v1/wolf-instances/%s/heartbeat HTTP/1.1
                            Host: localhost
                            Authorization: Bearer %s
                            Content-Type: application/json
                            Content-Length: %d
                            Connection: %s

                            """.formatted(
                            LeanAgent.runnerId(number),
                            ControlPlaneProcess.RUNNER_TOKEN,
                            BODY.length(),
                            keep ? "keep-alive" : "close")
                    .replace("\n", "\r\n")
                    .concat(BODY)
                    .getBytes(US_ASCII));
            var source = new BufferedSource(socket.getInputStream()::read, 512);
            ResponseHead answer = ResponseHead.read(source);
            int length = Integer.parseInt(answer.header("content-length").orElse("0"));
            for (int i = 0; i < length; i++) {
                source.require();
            }
            (answer.status() == 200 ? accepted : failed).increment();
            if (keep && !answer.lists("connection", "close")) {
                kept.set(number, socket);
                return;
            }
        } catch (IOException e) {
            failed.increment();
        }
        close(socket);
    }

    private static void close(@Nullable Socket socket) {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            // It is of no use any more.
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        for (int i = 0; i < kept.length(); i++) {
            close(kept.getAndSet(i, null));
        }
    }
}
