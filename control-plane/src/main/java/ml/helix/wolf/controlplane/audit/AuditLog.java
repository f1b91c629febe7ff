package ml.helix.wolf.controlplane.audit;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import ml.helix.wolf.controlplane.http.RequestFacts;
import ml.helix.wolf.controlplane.http.RequestFacts.Role;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.Printable;
import ml.helix.wolf.revdial.StreamLog;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line of JSON for each request that matters: each with an admin token, each that was refused for its token, and
 * each control connection of an agent. Never a token, a body or a query. Thread safe.
 *
 * <p>A thread of its own writes, so that a reader that stalls stops no request. Of what it can't write in time, up to {@link
 * #MOST_WAITING} lines wait; the rest is dropped and counted.
 */
public final class AuditLog implements RequestLog, AutoCloseable {
    static final int MOST_WAITING = 8192;

    /** Lines that come within this time are written together: to wake a thread for each line costs a request more than the line. */
    private static final Duration TOGETHER = Duration.ofMillis(10);

    private static final Duration LAST_LINES = Duration.ofSeconds(2);
    private static final int LONGEST_TEXT = 256;
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

    private final OutputStream out;
    private final InstantSource clock;
    private final Counter dropped;
    private final RefusedLines refusedLines;
    private final BlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final Thread writer;
    private volatile boolean closing;

    /** @param out belongs to the caller and is not closed */
    public AuditLog(OutputStream out, InstantSource clock, PrometheusRegistry metrics) {
        this.out = out;
        this.clock = clock;
        this.refusedLines = new RefusedLines(clock);
        dropped = Counter.builder()
                .name("wolf_control_plane_audit_lines_dropped_total")
                .help("Audit lines that were not written: too many at once, or refused requests in great number.")
                .register(metrics);
        writer = Thread.ofPlatform().name("audit").daemon().start(this::write);
    }

    @Override
    public void log(Request request, Response response) {
        RequestFacts facts = RequestFacts.of(request);
        int status = response.getStatus();
        if (!matters(facts, status)) {
            return;
        }
        boolean anonymous = facts.role() == Role.NONE;
        if ((anonymous && !refusedLines.mayAppear()) || !waiting.offer(line(request, response, facts))) {
            dropped.inc();
        }
    }

    private static boolean matters(RequestFacts facts, int status) {
        return switch (facts.role()) {
            case ADMIN -> true;
            // Not its heartbeats and data connections, which are many.
            case RUNNER ->
                HttpStatus.isClientError(status)
                        || (status == 101 && !facts.id().isEmpty());
            case NONE -> status == HttpStatus.UNAUTHORIZED_401 || status == HttpStatus.TOO_MANY_REQUESTS_429;
        };
    }

    private byte[] line(Request request, Response response, RequestFacts facts) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", clock.instant().toString());
        line.put("as", facts.role().name().toLowerCase(Locale.ROOT));
        putText(line, "who", facts.name());
        if (request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress remote) {
            line.put("remote", ListenAddress.show(remote));
        }
        putText(line, "method", request.getMethod());
        putText(line, "route", facts.route());
        putText(line, "id", facts.id());
        putText(line, "path", facts.path().replaceFirst(";.*", ""));
        putText(line, "instance", facts.instance());
        putText(line, "dial", facts.dial());
        line.put("status", response.getStatus());
        putText(line, "error", facts.error());
        line.put("millis", (System.nanoTime() - request.getBeginNanoTime()) / 1_000_000);
        line.put("bytesIn", Request.getContentBytesRead(request));
        line.put("bytesOut", Response.getContentBytesWritten(response));
        StreamLog.traceparent(request.getHeaders().get("traceparent"))
                .ifPresent(trace -> line.put("traceparent", trace));
        return TextResponse.json(line).body().getBytes(StandardCharsets.UTF_8);
    }

    private static void putText(Map<String, Object> line, String name, String text) {
        if (!text.isEmpty()) {
            line.put(name, Printable.of(text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) + "…" : text));
        }
    }

    private void write() {
        try {
            while (true) {
                byte[] next = waiting.take();
                if (next.length > 0) {
                    out.write(next);
                }
                if (waiting.isEmpty()) {
                    out.flush();
                    if (closing) {
                        return;
                    }
                    Thread.sleep(TOGETHER);
                }
            }
        } catch (IOException e) {
            log.error("No audit line can be written any more: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Writes what waits, at most for {@link #LAST_LINES}. Idempotent. */
    @Override
    public void close() {
        closing = true;
        waiting.offer(new byte[0]); // wakes the writer
        try {
            writer.join(LAST_LINES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        writer.interrupt();
    }

    /** Lets ten lines a second about callers without a known token appear, so that they don't fill a disk. Thread safe. */
    private static final class RefusedLines {
        private static final int A_SECOND = 10;

        private final InstantSource clock;
        // Both guarded by this.
        private long second;
        private int count;

        RefusedLines(InstantSource clock) {
            this.clock = clock;
        }

        synchronized boolean mayAppear() {
            long now = clock.instant().getEpochSecond();
            if (now != second) {
                second = now;
                count = 0;
            }
            return ++count <= A_SECOND;
        }
    }
}
