package ml.helix.wolf.kubectl.controlplane;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The head of an HTTP/1.1 message, in ISO 8859-1.
 *
 * @param start the request line or the status line
 * @param fields in their order, each as it came
 */
record Head(String start, List<String> fields) {
    private static final int LONGEST = 64 * 1024;

    Head {
        fields = List.copyOf(fields);
    }

    /** @throws EOFException if the stream ends before */
    static Head read(InputStream in) throws IOException {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (int length = 0; length < LONGEST; length++) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the connection ended in the head of an HTTP message");
            } else if (next != '\n') {
                line.append((char) next);
            } else {
                String text = line.toString();
                text = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
                if (!text.isEmpty()) {
                    lines.add(text);
                } else if (!lines.isEmpty()) {
                    return new Head(lines.getFirst(), lines.subList(1, lines.size()));
                }
                line.setLength(0);
            }
        }
        throw new IOException("the head of an HTTP message is longer than " + LONGEST + " bytes");
    }

    /** The value of a field; empty without it. */
    String field(String name) {
        return fields.stream()
                .filter(field -> isNamed(field, name))
                .map(field -> field.substring(field.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }

    static boolean isNamed(String field, String name) {
        return field.regionMatches(true, 0, name, 0, name.length()) && field.startsWith(":", name.length());
    }

    byte[] bytes() {
        var text = new StringBuilder(start).append("\r\n");
        fields.forEach(field -> text.append(field).append("\r\n"));
        return text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
