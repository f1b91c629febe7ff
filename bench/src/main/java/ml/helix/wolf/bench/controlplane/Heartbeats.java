package ml.helix.wolf.bench.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends every agent's heartbeat each 30 s, spread evenly, each on a connection of its own as the real agent does. Runs from the
 * constructor to {@link #close}. Thread-safe.
 */
final class Heartbeats implements AutoCloseable {
    private static final long INTERVAL_NANOS = 30_000_000_000L;
    private static final int AT_ONCE = 256;

    /** As long as a real one. */
    private static final String BODY = """
            {"wolfReachable":true,"activeSessions":2,"maxSessions":8,"zone":"eu-1","agentVersion":"0.1",\
            "gpuName":"NVIDIA RTX 4000","gpuUtilizationPercent":35.5,"gpuMemoryUsedMb":4000,"gpuMemoryTotalMb":20000,\
            "gpuTemperatureCelsius":61}""";

    private final int agents;
    private final Endpoint endpoint;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Thread thread;

    Heartbeats(int agents, Endpoint endpoint) {
        this.agents = agents;
        this.endpoint = endpoint;
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
            LockSupport.parkNanos(start + sent * INTERVAL_NANOS / agents - System.nanoTime());
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
        try (Socket socket = endpoint.connect(number)) {
            socket.getOutputStream()
                    .write("""
                            POST /api/v1/wolf-instances/%s/heartbeat HTTP/1.1
                            Host: localhost
                            Authorization: Bearer %s
                            Content-Type: application/json
                            Content-Length: %d
                            Connection: close

                            """.formatted(LeanAgent.runnerId(number), ControlPlaneProcess.RUNNER_TOKEN, BODY.length())
                            .replace("\n", "\r\n")
                            .concat(BODY)
                            .getBytes(US_ASCII));
            byte[] answer = socket.getInputStream().readAllBytes();
            if (new String(answer, US_ASCII).startsWith("HTTP/1.1 200")) {
                accepted.increment();
            } else {
                failed.increment();
            }
        } catch (IOException e) {
            failed.increment();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
