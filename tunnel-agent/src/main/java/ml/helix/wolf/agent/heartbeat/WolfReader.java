package ml.helix.wolf.agent.heartbeat;

import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.revdial.ByteStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Wolf for its sessions, its health and its GPU: at most three requests, each on a connection of its own, as Wolf wants it.
 * Each has {@value #SECONDS} s and 1 MiB; what doesn't come within that is left out, and after a request without an answer
 * the rest is not asked for. A path that Wolf doesn't have is asked for again after 10 minutes, or when Wolf was unreachable.
 *
 * <p>One thread at a time.
 */
final class WolfReader implements Supplier<WolfFacts> {
    private static final Logger LOG = LoggerFactory.getLogger(WolfReader.class);
    private static final int SECONDS = 5;
    private static final int MAX_BYTES = 1024 * 1024;
    private static final Duration NOT_FOUND_LASTS = Duration.ofMinutes(10);

    private final Wolf wolf;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final Duration timeout;
    /** When Wolf answered 404, in nanoseconds, by path. */
    private final Map<String, Long> notFound = new HashMap<>();

    /** @param nanoTime a clock, in nanoseconds */
    WolfReader(Wolf wolf, ScheduledExecutorService timers, LongSupplier nanoTime) {
        this(wolf, timers, nanoTime, Duration.ofSeconds(SECONDS));
    }

    WolfReader(Wolf wolf, ScheduledExecutorService timers, LongSupplier nanoTime, Duration timeout) {
        this.wolf = wolf;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.timeout = timeout;
    }

    /** Ends the reading: Wolf doesn't answer. */
    private static final class NoAnswerException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** Blocks, for 15 s at most. Never fails: what can't be read is left out. */
    @Override
    public WolfFacts get() {
        Integer sessions = null;
        String health = null;
        WolfFacts.Memory memory = null;
        try {
            sessions = ask("/api/v1/sessions", WolfAnswers::sessions);
            health = ask("/api/v1/system/health", WolfAnswers::health);
            memory = ask("/api/v1/system/memory", WolfAnswers::memory);
        } catch (WolfUnreachableException e) {
            notFound.clear();
        } catch (NoAnswerException e) {
            LOG.debug("Wolf does not answer within {} s", timeout.toSeconds());
        }
        return WolfFacts.of(sessions, health, memory);
    }

    private <T> @Nullable T ask(String path, WolfAnswers.Reader<T> reader)
            throws WolfUnreachableException, NoAnswerException {
        Long since = notFound.get(path);
        if (since != null && nanoTime.getAsLong() - since < NOT_FOUND_LASTS.toNanos()) {
            return null;
        }
        notFound.remove(path);
        ByteStream connection = wolf.dial();
        var deadline = Deadline.in(timeout, timers);
        try (connection;
                var _ = deadline.guard(connection::close)) {
            byte[] request =
                    ("GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
            connection.write(request, 0, request.length);
            var source = new BufferedSource(connection::read, 4096);
            ResponseHead head = ResponseHead.read(source);
            if (head.status() == 404) {
                notFound.put(path, nanoTime.getAsLong());
                return null;
            }
            if (head.status() != 200) {
                throw new ProtocolException("it answers " + head.status());
            }
            return reader.read(new Body(source));
        } catch (IOException e) {
            if (deadline.hasPassed()) {
                throw new NoAnswerException();
            }
            LOG.debug("Wolf's answer to GET {} is left out: {}", path, e.getMessage());
            return null;
        }
    }

    /** A body up to the connection's end. A longer one than {@link #MAX_BYTES} breaks off. */
    private static final class Body extends InputStream {
        private final BufferedSource source;
        private int left = MAX_BYTES;

        Body(BufferedSource source) {
            this.source = source;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (left == 0) {
                throw new ProtocolException("it is longer than " + MAX_BYTES + " bytes");
            }
            int count = source.read(target, offset, Math.min(length, left));
            left -= Math.max(count, 0);
            return count;
        }
    }
}
