package ml.helix.wolf.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.revdial.ByteStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class WolfHealthTest {
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
    private final ByteArrayOutputStream asked = new ByteArrayOutputStream();

    @AfterEach
    void end() {
        timers.shutdownNow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.0 404 Not Found\r\n\r\n", "HTTP/1.1 401 No\r\n\r\n"})
    void everyAnswerButAServerErrorIsSane(String answer) {
        assertThat(health().problem(answering(answer))).isEmpty();
        assertThat(asked.toString(StandardCharsets.US_ASCII))
                .isEqualTo("GET /api/v1/system/health HTTP/1.0\r\nHost: localhost\r\n\r\n");
    }

    @ParameterizedTest(name = "\"{0}\" is: {1}")
    @CsvSource({
        "'HTTP/1.0 500 Internal Server Error\r\n\r\n', it answers 500",
        "'HTTP/1.0 503 Unavailable\r\n\r\n', it answers 503",
        "'', it closed without an answer",
        "'hello\r\n\r\n', its answer is no HTTP response",
    })
    void anythingElseSaysWhatIsWrong(String answer, String wrong) {
        assertThat(health().problem(answering(answer.replace("\\r\\n", "\r\n"))).orElseThrow())
                .startsWith("Wolf's API at unix:///w accepts connections")
                .endsWith(wrong);
    }

    @Test
    void aWolfThatNeverAnswersIsAProblemAfterTheTimeout() {
        var hangs = new Stream(new ByteArrayInputStream(new byte[0]), new CountDownLatch(1));
        assertThat(new WolfHealth("w", timers, Duration.ofMillis(1)).problem(hangs))
                .isEqualTo(Optional.of("Wolf's API at w accepts connections, but does not answer GET"
                        + " /api/v1/system/health as it should: no answer within 0 s"));
    }

    private WolfHealth health() {
        return new WolfHealth("unix:///w", timers);
    }

    private ByteStream answering(String text) {
        return new Stream(new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)), new CountDownLatch(0));
    }

    /** Answers when the latch is open. A close before that breaks the read, as a socket does. */
    private final class Stream implements ByteStream {
        private final ByteArrayInputStream answer;
        private final CountDownLatch open;
        private volatile boolean closed;

        Stream(ByteArrayInputStream answer, CountDownLatch open) {
            this.answer = answer;
            this.open = open;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            if (closed) {
                throw new IOException("closed");
            }
            return answer.read(buffer, offset, length);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {
            asked.write(buffer, offset, length);
        }

        @Override
        public void close() {
            closed = true;
            open.countDown();
        }
    }
}
