package ml.helix.wolf.testkit;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as Wolf reads it. The headers' names are in lower case; a repeated header's values are joined by a comma.
 * What follows the head is left in {@code rest}.
 */
record WolfRequest(String method, String target, String version, Map<String, String> headers, InputStream rest) {
    private static final int MAX_HEAD = 64 * 1024;

    /** Reads the request's head; fails when the peer ends before it is complete or sends something else. */
    static WolfRequest read(InputStream in) throws IOException {
        List<String> lines = head(in).lines().toList();
        String[] start = lines.getFirst().split(" ", 3);
        if (start.length != 3) {
            throw new IOException("Not a request line: " + lines.getFirst());
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.merge(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip(),
                        (first, next) -> first + ", " + next);
            }
        }
        return new WolfRequest(start[0], start[1], start[2], headers, in);
    }

    String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /** A query parameter as a number, or the fallback. */
    long number(String parameter, long fallback) {
        int query = target.indexOf('?');
        if (query >= 0) {
            for (String pair : target.substring(query + 1).split("&")) {
                String[] parts = pair.split("=", 2);
                if (parts.length == 2 && parts[0].equals(parameter)) {
                    return Long.parseLong(URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
                }
            }
        }
        return fallback;
    }

    @Nullable
    String header(String lowerCaseName) {
        return headers.get(lowerCaseName);
    }

    boolean chunked() {
        return headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked");
    }

    long contentLength() {
        return Long.parseLong(headers.getOrDefault("content-length", "0"));
    }

    /** The whole body; fails when the peer ends before Content-Length is reached. */
    byte[] body() throws IOException {
        int length = Math.toIntExact(contentLength());
        byte[] body = rest.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("The body ended after " + body.length + " of " + length + " bytes");
        }
        return body;
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int matched = 0;
        while (matched < 4) {
            int next = in.read();
            if (next < 0 || head.size() == MAX_HEAD) {
                throw new EOFException("No complete request head");
            }
            head.write(next);
            boolean expected = next == (matched % 2 == 0 ? '\r' : '\n');
            matched = expected ? matched + 1 : next == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }
}
