package ml.helix.wolf.conformance.peer;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The head of an HTTP message, as it was received.
 *
 * @param lines without their line ends and without the empty last line
 */
public record HttpHead(List<String> lines) {
    private static final byte[] END = {'\r', '\n', '\r', '\n'};

    public HttpHead {
        lines = List.copyOf(lines);
    }

    /** Reads up to the empty line, which is consumed too. */
    static HttpHead read(InputStream in) throws IOException {
        var bytes = new ByteArrayOutputStream();
        int matched = 0;
        while (matched < END.length) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the stream ended after " + bytes.size() + " bytes of a head");
            }
            matched = next == END[matched] ? matched + 1 : next == END[0] ? 1 : 0;
            bytes.write(next);
        }
        return new HttpHead(bytes.toString(StandardCharsets.ISO_8859_1)
                .lines()
                .takeWhile(line -> !line.isEmpty())
                .toList());
    }

    /** {@code GET /path HTTP/1.1} or {@code HTTP/1.1 101 Switching Protocols}. */
    public String start() {
        return lines.getFirst();
    }

    /** A request's {@code /path?query}, as it was sent. */
    public String target() {
        return start().split(" ")[1];
    }

    /** A response's status code. */
    public int status() {
        return Integer.parseInt(start().split(" ")[1]);
    }

    /** All values of this header, in order. */
    public List<String> all(String name) {
        return lines.stream()
                .skip(1)
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip())
                .toList();
    }

    /** The header's value.
     *
     * @throws IllegalStateException if the header occurs more than once
     */
    public Optional<String> header(String name) {
        List<String> values = all(name);
        if (values.size() > 1) {
            throw new IllegalStateException("the header " + name + " occurs " + values.size() + " times");
        }
        return values.stream().findFirst();
    }
}
