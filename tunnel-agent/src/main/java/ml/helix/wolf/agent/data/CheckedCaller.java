package ml.helix.wolf.agent.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.agent.allow.NotAllowedException;
import ml.helix.wolf.agent.allow.RequestCheck;
import ml.helix.wolf.program.Printable;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.WatchedStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data connection from which only what the allow-list allows can be read. For a request that is not allowed it answers 403
 * and ends, as if the caller had sent nothing. What follows the request is read and dropped.
 */
final class CheckedCaller extends WatchedStream {
    private static final Logger LOG = LoggerFactory.getLogger(CheckedCaller.class);
    private static final JsonFactory JSON = new JsonFactory();
    private static final int MAX_WHY = 300;

    private final RequestCheck check;
    private volatile boolean refused;

    private CheckedCaller(ByteStream data, AllowList allowed) {
        super(data, () -> {});
        this.check = new RequestCheck(allowed);
    }

    /** Without an allow-list, the data connection itself. */
    static ByteStream of(ByteStream data, Optional<AllowList> allowed) {
        return allowed.<ByteStream>map(list -> new CheckedCaller(data, list)).orElse(data);
    }

    /** Whether the stream ended because its request is not allowed. */
    static boolean refused(ByteStream caller) {
        return caller instanceof CheckedCaller checked && checked.refused;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        while (!refused) {
            int count = check.take(buffer, offset, length);
            if (count > 0) {
                return count;
            }
            int read = super.read(buffer, offset, length);
            if (read < 0) {
                return read;
            }
            try {
                int passed = check.add(buffer, offset, read);
                if (passed > 0) {
                    return passed;
                }
            } catch (NotAllowedException e) {
                refused = true;
                refuse(Printable.of(e.why()));
            }
        }
        return -1;
    }

    private void refuse(String why) throws IOException {
        String message = why.length() > MAX_WHY ? why.substring(0, MAX_WHY) + "..." : why;
        LOG.warn("Request refused by the allow-list: {}", message);
        byte[] body = body(message);
        String head = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                + "\r\nConnection: close\r\n\r\n";
        byte[] response = new byte[head.length() + body.length];
        System.arraycopy(head.getBytes(StandardCharsets.US_ASCII), 0, response, 0, head.length());
        System.arraycopy(body, 0, response, head.length(), body.length);
        write(response, 0, response.length);
    }

    private static byte[] body(String message) throws IOException {
        var body = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(body)) {
            json.writeStartObject();
            json.writeObjectFieldStart("error");
            json.writeStringField("code", "NotAllowed");
            json.writeStringField("message", message);
            json.writeEndObject();
            json.writeEndObject();
        }
        return body.toByteArray();
    }
}
