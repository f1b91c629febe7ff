package ml.helix.wolf.bench.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.reconnect.Backoff;
import org.jspecify.annotations.Nullable;

/**
 * An agent without a Wolf: holds a control connection, and comes back after its loss as the real agent's {@link Backoff} says.
 * It picks up what it is asked for, and answers each request itself. Runs until its thread is interrupted.
 */
final class LeanAgent implements Runnable {
    /** The agent's default for {@code -reconnect}. */
    static final Duration FIRST_WAIT = Duration.ofSeconds(5);

    private static final Duration PING_INTERVAL = Duration.ofSeconds(15);
    /** An agent takes a control connection for dead after that long without a line. */
    private static final int SILENCE_MS = 60_000;

    private static final Pattern CONN_READY =
            Pattern.compile("\"command\":\"conn-ready\",\"connPath\":\"/revdial([^\"]+)\"");
    private static final byte[] RESPONSE = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII);
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final Fleet fleet;
    private final int number;
    private final Endpoint endpoint;
    private final ScheduledExecutorService timers;
    private final Backoff backoff;

    LeanAgent(Fleet fleet, int number, Endpoint endpoint, ScheduledExecutorService timers, RandomGenerator random) {
        this.fleet = fleet;
        this.number = number;
        this.endpoint = endpoint;
        this.timers = timers;
        this.backoff = new Backoff(FIRST_WAIT, random);
    }

    static String runnerId(int number) {
        return "wolf-" + number;
    }

    @Override
    public void run() {
        try {
            Thread.sleep(fleet.firstWait());
            while (!Thread.currentThread().isInterrupted()) {
                long upSince = 0;
                try (WebSocket control =
                        WebSocket.open(endpoint, number, "/api/v1/revdial?runnerid=" + runnerId(number))) {
                    upSince = System.nanoTime();
                    fleet.up();
                    try {
                        serve(control);
                    } finally {
                        fleet.down();
                    }
                } catch (IOException e) {
                    if (upSince == 0) {
                        fleet.attemptFailed(e);
                    }
                    Duration up = upSince == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - upSince);
                    Thread.sleep(backoff.next(failure(e, upSince != 0), up));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RejectedExecutionException e) {
            return; // the timers have ended, and with them the measurement
        }
    }

    /** Returns never: ends by the exception. */
    private void serve(WebSocket control) throws IOException {
        control.readTimeout(SILENCE_MS);
        long period = PING_INTERVAL.toMillis();
        ScheduledFuture<?> pings =
                timers.scheduleAtFixedRate(() -> ping(control), period, period, TimeUnit.MILLISECONDS);
        try {
            for (byte[] line = control.next(); line != null; line = control.next()) {
                Matcher ready = CONN_READY.matcher(new String(line, US_ASCII));
                if (ready.find()) {
                    String target = "/api/v1/revdial" + ready.group(1).replace("\\u0026", "&");
                    Thread.ofVirtual().start(() -> pickUp(target));
                }
            }
        } finally {
            pings.cancel(false);
        }
        throw control.wasDisplaced()
                ? new TunnelException(FailureReason.DISPLACED, "displaced")
                : new IOException("the control connection ended");
    }

    private static void ping(WebSocket control) {
        try {
            control.send(WebSocket.PING, new byte[0]);
        } catch (IOException e) {
            // The reader sees the end too.
        }
    }

    private void pickUp(String target) {
        try (WebSocket data = WebSocket.open(endpoint, number, target)) {
            data.readTimeout(0);
            var request = new StringBuilder();
            for (byte @Nullable [] bytes = data.next(); bytes != null; bytes = data.next()) {
                request.append(new String(bytes, US_ASCII));
                if (request.indexOf(END_OF_HEAD) >= 0) {
                    data.send(WebSocket.BINARY, RESPONSE);
                    data.closeInOrder();
                    return;
                }
            }
        } catch (IOException e) {
            fleet.pickupFailed(e);
        }
    }

    private static TunnelException failure(IOException e, boolean wasUp) {
        if (e instanceof TunnelException told) {
            return told;
        }
        FailureReason reason = wasUp
                ? FailureReason.CONNECTION_LOST
                : switch (e) {
                    case SocketTimeoutException late -> FailureReason.HANDSHAKE_TIMEOUT;
                    case SSLException broken -> FailureReason.TLS_FAILURE;
                    default -> FailureReason.CONNECT_FAILURE;
                };
        return new TunnelException(reason, String.valueOf(e.getMessage()), e);
    }
}
