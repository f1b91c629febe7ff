package ml.helix.wolf.agent.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.StreamLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Contract, section 2: log lines about a stream carry the traceparent of its request. */
class LabelledStreamTest {
    private static final String DIAL = "0123456789abcdef0123456789abcdef";
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private final List<StreamLog> labels = new ArrayList<>();

    @BeforeEach
    void aPickupThread() {
        StreamLog.ofDial(DIAL).set();
    }

    @AfterEach
    void leaveTheThread() {
        StreamLog.NONE.set();
    }

    @Test
    void theRequestsTraceparentLabelsTheThreadAndTheDataConnection() throws IOException {
        String request = "GET / HTTP/1.1\r\nHost: x\r\nTraceParent:  " + TRACE + "\r\n\r\n";
        assertThat(readAll(request)).isEqualTo(request);
        assertThat(StreamLog.current()).isEqualTo(new StreamLog(DIAL, TRACE));
        assertThat(labels).containsExactly(new StreamLog(DIAL, TRACE));
    }

    @Test
    void whatIsNoFieldOfTheHeadLabelsNothing() throws IOException {
        readAll("POST / HTTP/1.1\r\nX: traceparent: " + TRACE + "\r\n\r\n\r\ntraceparent: " + TRACE + "\r\n");
        assertThat(StreamLog.current()).isEqualTo(new StreamLog(DIAL, ""));
        assertThat(labels).isEmpty();
    }

    @Test
    void aForgedValueLabelsNothing() throws IOException {
        readAll("GET / HTTP/1.1\r\ntraceparent: 00-evil\u001b[2J\r\n\r\n");
        assertThat(StreamLog.current()).isEqualTo(new StreamLog(DIAL, ""));
    }

    private String readAll(String bytes) throws IOException {
        var in = new ByteArrayInputStream(bytes.getBytes(StandardCharsets.ISO_8859_1));
        var stream = new LabelledStream(new ByteStream() {
            @Override
            public int read(byte[] buffer, int offset, int length) {
                return in.read(buffer, offset, length);
            }

            @Override
            public void write(byte[] buffer, int offset, int length) {}

            @Override
            public void close() {}

            @Override
            public void logAs(StreamLog about) {
                labels.add(about);
            }
        });
        byte[] buffer = new byte[bytes.length()];
        int count = stream.read(buffer, 0, buffer.length);
        return new String(buffer, 0, count, StandardCharsets.ISO_8859_1);
    }
}
