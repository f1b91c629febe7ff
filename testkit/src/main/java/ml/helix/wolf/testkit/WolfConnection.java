package ml.helix.wolf.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * One connection to the fake Wolf, and how answers are written to it. Wolf's status line says {@code OK} whatever the
 * status, and its JSON comes without a Content-Type. One thread at a time may write.
 */
final class WolfConnection {
    static final ObjectMapper JSON = new ObjectMapper();

    private final InputStream in;
    private final OutputStream out;

    WolfConnection(SocketChannel channel) {
        this.in = new BufferedInputStream(Channels.newInputStream(channel));
        this.out = Channels.newOutputStream(channel);
    }

    InputStream input() {
        return in;
    }

    OutputStream output() {
        return out;
    }

    void json(int status, JsonNode body) throws IOException {
        bytes(status, "", text(body).getBytes(StandardCharsets.UTF_8));
    }

    void success() throws IOException {
        json(200, JSON.createObjectNode().put("success", true));
    }

    void error(int status, String message) throws IOException {
        json(status, JSON.createObjectNode().put("success", false).put("error", message));
    }

    /** An answer of known length; the type may be empty. */
    void bytes(int status, String type, byte[] body) throws IOException {
        String head = (type.isEmpty() ? "" : "Content-Type: " + type + "\r\n") + "Content-Length: " + body.length;
        write(head(status, head));
        out.write(body);
    }

    /** The head of an answer that ends with the connection. */
    void openEnded(String... headers) throws IOException {
        write(head(200, String.join("\r\n", headers)));
    }

    void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    static String text(JsonNode node) {
        try {
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("Not writable as JSON: " + node, e);
        }
    }

    private static String head(int status, String headers) {
        return "HTTP/1.0 " + status + " OK\r\n" + headers + "\r\n\r\n";
    }
}
