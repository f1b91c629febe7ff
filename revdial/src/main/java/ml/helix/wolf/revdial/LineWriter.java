package ml.helix.wolf.revdial;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Builds one control line of at most {@link ControlLines#PEER_LIMIT} bytes. Not thread safe.
 *
 * <p>No JSON library: a value must be cut at the point from which its encoded form no longer fits. {@code &} stays as it
 * is; a Go peer reads it escaped or not.
 */
final class LineWriter {
    private static final byte[] END = {'}', '\n'};

    private final ByteArrayOutputStream line = new ByteArrayOutputStream(160);

    LineWriter(String command) {
        append("{\"command\":\"" + command + "\"");
    }

    /** Adds a whole field; an empty one is left out. */
    LineWriter field(String name, String value) {
        if (!value.isEmpty()) {
            append(",\"" + name + "\":\"");
            value.codePoints().forEach(codePoint -> append(escape(codePoint)));
            append("\"");
        }
        return this;
    }

    /** Adds as much of a field as fits. */
    LineWriter lastField(String name, String value) {
        String opening = ",\"" + name + "\":\"";
        int room = ControlLines.PEER_LIMIT - line.size() - END.length - opening.length() - 1;
        if (value.isEmpty() || room <= 0) {
            return this;
        }
        append(opening);
        var codePoints = value.codePoints().iterator();
        while (codePoints.hasNext()) {
            byte[] next = utf8(escape(codePoints.nextInt()));
            room -= next.length;
            if (room < 0) {
                break;
            }
            line.writeBytes(next);
        }
        append("\"");
        return this;
    }

    /** Whether the line is short enough. */
    boolean fits() {
        return line.size() + END.length <= ControlLines.PEER_LIMIT;
    }

    byte[] line() {
        if (!fits()) {
            throw new IllegalArgumentException("a control line would be longer than " + ControlLines.PEER_LIMIT);
        }
        line.writeBytes(END);
        return line.toByteArray();
    }

    private void append(String text) {
        line.writeBytes(utf8(text));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String escape(int codePoint) {
        boolean loneSurrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
        return switch (codePoint) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            default ->
                codePoint < 0x20 || loneSurrogate ? String.format("\\u%04x", codePoint) : Character.toString(codePoint);
        };
    }
}
