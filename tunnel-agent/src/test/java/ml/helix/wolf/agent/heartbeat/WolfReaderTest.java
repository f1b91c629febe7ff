package ml.helix.wolf.agent.heartbeat;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.revdial.ByteStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WolfReaderTest {
    private static final String SESSIONS = "/api/v1/sessions";
    private static final String HEALTH = "/api/v1/system/health";
    private static final String MEMORY = "/api/v1/system/memory";

    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
    private final AtomicLong now = new AtomicLong();
    private final List<String> asked = new ArrayList<>();
    private final Map<String, String> answers = new ConcurrentHashMap<>(Map.of(
            SESSIONS, "HTTP/1.0 200 OK\r\n\r\n{\"sessions\":[{},{}]}",
            HEALTH, "HTTP/1.0 200 OK\r\n\r\n{\"overall_status\":\"healthy\"}",
            MEMORY, "HTTP/1.0 200 OK\r\n\r\n{\"gpu_stats\":{\"available\":true,\"gpu_name\":\"N\"}}"));
    private boolean up = true;
    private final WolfReader reader = reader(Duration.ofSeconds(30));

    @AfterEach
    void end() {
        timers.shutdownNow();
    }

    @Test
    void aReadingIsThreeRequests() {
        WolfFacts facts = reader.get();
        assertThat(facts.activeSessions()).isEqualTo(2);
        assertThat(facts.health()).isEqualTo("healthy");
        assertThat(facts.gpu()).isEqualTo(new WolfFacts.Gpu("N", null, null, null, null, null));
        assertThat(asked).containsExactly(SESSIONS, HEALTH, MEMORY);
    }

    @Test
    void aPathThatWolfDoesNotHaveIsAskedForAgainAfter10MinutesOrWhenWolfWasUnreachable() {
        answers.put(HEALTH, "HTTP/1.0 404 Not Found\r\n\r\n");
        answers.put(MEMORY, "HTTP/1.0 404 Not Found\r\n\r\n");
        assertThat(reader.get()).isEqualTo(new WolfFacts(2, null, null));
        now.addAndGet(Duration.ofMinutes(10).minusNanos(1).toNanos());
        asked.clear();
        assertThat(reader.get()).isEqualTo(new WolfFacts(2, null, null));
        assertThat(asked).containsExactly(SESSIONS);

        now.addAndGet(1);
        asked.clear();
        reader.get();
        assertThat(asked).containsExactly(SESSIONS, HEALTH, MEMORY);

        up = false;
        asked.clear();
        assertThat(reader.get()).isEqualTo(WolfFacts.NONE);
        assertThat(asked).isEmpty();
        up = true;
        reader.get();
        assertThat(asked).containsExactly(SESSIONS, HEALTH, MEMORY);
    }

    @Test
    void whatIsNoAnswerIsLeftOutAndTheRestIsRead() {
        answers.put(SESSIONS, "HTTP/1.0 500 Error\r\n\r\n{\"sessions\":[{}]}");
        answers.put(HEALTH, "garbage\r\n\r\n");
        assertThat(reader.get())
                .isEqualTo(new WolfFacts(0, null, new WolfFacts.Gpu("N", null, null, null, null, null)));
    }

    @Test
    void anAnswerWithoutEndIsReadUpToOneMebibyte() {
        answers.put(SESSIONS, "HTTP/1.0 200 OK\r\n\r\n{\"x\":\"");
        answers.put(MEMORY, "HTTP/1.0 200 OK\r\n\r\n");
        assertThat(reader.get()).isEqualTo(new WolfFacts(null, "healthy", null));
        assertThat(endless.get()).as("bytes read of the endless ones").isBetween(1_000_000L, 1L << 20);
    }

    @Test
    void aWolfThatDoesNotAnswerIsAskedOnce() {
        answers.put(SESSIONS, "");
        WolfReader impatient = reader(Duration.ofMillis(1));
        assertThat(impatient.get()).isEqualTo(WolfFacts.NONE);
        assertThat(asked).containsExactly(SESSIONS);
    }

    private final AtomicLong endless = new AtomicLong();

    private WolfReader reader(Duration timeout) {
        return new WolfReader(this::dial, timers, now::get, timeout);
    }

    private ByteStream dial() throws WolfUnreachableException {
        if (!up) {
            throw new WolfUnreachableException("gone", new IOException());
        }
        return new Connection();
    }

    /** Answers as the table says; an answer that ends with nothing, or within a text, goes on for ever; "" never begins. */
    private final class Connection implements ByteStream {
        private final CountDownLatch closed = new CountDownLatch(1);
        private byte[] left = {};
        private boolean goesOn;

        @Override
        public void write(byte[] buffer, int offset, int length) {
            String request = new String(buffer, offset, length, US_ASCII);
            String path = request.split(" ")[1];
            assertThat(request).isEqualTo("GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
            asked.add(path);
            left = answers.get(path).getBytes(US_ASCII);
            goesOn = answers.get(path).endsWith(":\"");
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left.length > 0) {
                int count = Math.min(length, left.length);
                System.arraycopy(left, 0, buffer, offset, count);
                left = java.util.Arrays.copyOfRange(left, count, left.length);
                return count;
            }
            if (goesOn) {
                java.util.Arrays.fill(buffer, offset, offset + length, (byte) 'x');
                endless.addAndGet(length);
                return length;
            }
            if (answers.get(asked.getLast()).isEmpty()) {
                try {
                    closed.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                throw new IOException("closed");
            }
            return -1;
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }
}
