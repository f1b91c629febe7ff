package ml.helix.wolf.agent.report;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import ml.helix.wolf.revdial.ByteStream;

/**
 * Asks a Wolf that accepts connections for a cheap answer, within {@value #SECONDS} s. Helix's fork of Wolf has the path;
 * upstream's Wolf answers 404. So every answer but a server error is sane. Thread-safe.
 */
final class WolfHealth {
    private static final int SECONDS = 10;
    private static final String PATH = "/api/v1/system/health";
    private static final byte[] REQUEST =
            ("GET " + PATH + " HTTP/1.0\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII);

    /** How much of an answer is read, so that Wolf can finish writing it. */
    private static final int MAX_BODY_BYTES = 64 * 1024;

    private final String address;
    private final ScheduledExecutorService timers;
    private final Duration timeout;

    /** @param address Wolf's, for messages */
    WolfHealth(String address, ScheduledExecutorService timers) {
        this(address, timers, Duration.ofSeconds(SECONDS));
    }

    WolfHealth(String address, ScheduledExecutorService timers, Duration timeout) {
        this.address = address;
        this.timers = timers;
        this.timeout = timeout;
    }

    /**
     * Asks over a new connection to Wolf. Blocks.
     *
     * @return what is wrong, empty if Wolf gives a sane answer
     */
    Optional<String> problem(ByteStream connection) {
        var timedOut = new AtomicBoolean();
        var alarm = timers.schedule(
                () -> {
                    timedOut.set(true);
                    connection.close();
                },
                timeout.toMillis(),
                TimeUnit.MILLISECONDS);
        try {
            connection.write(REQUEST, 0, REQUEST.length);
            var source = new BufferedSource(connection::read, 1024);
            int status = ResponseHead.read(source).status();
            if (status >= 500) {
                return problem("it answers " + status);
            }
            readBody(source);
            return Optional.empty();
        } catch (EOFException e) {
            return problem("it " + e.getMessage());
        } catch (ProtocolException e) {
            return problem("its answer is no HTTP response");
        } catch (IOException e) {
            return problem(timedOut.get() ? "no answer within " + timeout.toSeconds() + " s" : "the connection broke");
        } finally {
            alarm.cancel(false);
        }
    }

    private static void readBody(BufferedSource source) {
        var buffer = new byte[8 * 1024];
        try {
            for (int total = 0; total < MAX_BODY_BYTES; ) {
                int read = source.read(buffer, 0, buffer.length);
                if (read < 0) {
                    return;
                }
                total += read;
            }
        } catch (IOException e) {
            // the status was enough
        }
    }

    private Optional<String> problem(String what) {
        return Optional.of("Wolf's API at " + address + " accepts connections, but does not answer GET " + PATH
                + " as it should: " + what);
    }
}
