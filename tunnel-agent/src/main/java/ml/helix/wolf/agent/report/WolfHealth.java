package ml.helix.wolf.agent.report;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
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
 * Whether a Wolf that accepts connections answers, too: one cheap request to its API, {@value #SECONDS} s at most. Helix's fork
 * of Wolf knows the path and upstream's Wolf answers 404, so every answer but a server error is a sane one. Thread-safe.
 */
final class WolfHealth {
    private static final int SECONDS = 10;
    private static final String PATH = "/api/v1/system/health";
    private static final byte[] REQUEST =
            ("GET " + PATH + " HTTP/1.0\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII);

    /** Of an answer; it is read so that Wolf is not interrupted in the middle of it. */
    private static final int MOST_BYTES = 64 * 1024;

    private final String address;
    private final ScheduledExecutorService timers;
    private final Duration patience;

    /** @param address Wolf's, for messages */
    WolfHealth(String address, ScheduledExecutorService timers) {
        this(address, timers, Duration.ofSeconds(SECONDS));
    }

    WolfHealth(String address, ScheduledExecutorService timers, Duration patience) {
        this.address = address;
        this.timers = timers;
        this.patience = patience;
    }

    /**
     * Asks over a fresh connection to Wolf; blocks.
     *
     * @return what is wrong, nothing where Wolf answers as it should
     */
    Optional<String> trouble(ByteStream connection) {
        var late = new AtomicBoolean();
        var limit = timers.schedule(
                () -> {
                    late.set(true);
                    connection.close();
                },
                patience.toMillis(),
                TimeUnit.MILLISECONDS);
        try {
            connection.write(REQUEST, 0, REQUEST.length);
            var source = new BufferedSource(new Input(connection), 1024);
            int status = ResponseHead.read(source).status();
            if (status >= 500) {
                return wrong("it answers " + status);
            }
            readOut(source);
            return Optional.empty();
        } catch (EOFException e) {
            return wrong("it " + e.getMessage());
        } catch (ProtocolException e) {
            return wrong("its answer is no HTTP response");
        } catch (IOException e) {
            return wrong(late.get() ? "no answer within " + patience.toSeconds() + " s" : "the connection broke");
        } finally {
            limit.cancel(false);
        }
    }

    private static void readOut(BufferedSource source) {
        var buffer = new byte[8 * 1024];
        try {
            for (int total = 0; total < MOST_BYTES; ) {
                int read = source.read(buffer, 0, buffer.length);
                if (read < 0) {
                    return;
                }
                total += read;
            }
        } catch (IOException e) {
            // the head has told what there was to know
        }
    }

    private Optional<String> wrong(String what) {
        return Optional.of("Wolf's API at " + address + " accepts connections, but does not answer GET " + PATH
                + " as it should: " + what);
    }

    private static final class Input extends InputStream {
        private final ByteStream stream;

        Input(ByteStream stream) {
            this.stream = stream;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return stream.read(buffer, offset, length);
        }
    }
}
