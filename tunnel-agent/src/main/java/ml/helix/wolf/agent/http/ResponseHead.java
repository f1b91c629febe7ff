package ml.helix.wolf.agent.http;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The head of an HTTP/1 response, without the reason phrase: the status is enough, and the phrase is untrusted text.
 *
 * @param status 100 to 599
 * @param headers by lower-case name; the values of one name are joined by commas
 */
public record ResponseHead(int status, Map<String, String> headers) {
    /** In bytes, far more than servers send. */
    private static final int MAX_LENGTH = 32 * 1024;

    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?");

    public ResponseHead {
        headers = Map.copyOf(headers);
    }

    /**
     * Reads up to the empty line of the final response; the bytes after it stay in {@code source}. Skips interim responses
     * before it (RFC 9110, section 15.2); 101 counts as final.
     *
     * @throws EOFException if the stream ends before
     * @throws ProtocolException if it is no HTTP/1 response, or all heads together are longer than 32 KiB
     */
    public static ResponseHead read(BufferedSource source) throws IOException {
        List<String> lines = new ArrayList<>();
        var line = new StringBuilder();
        for (int count = 0; ; count++) {
            if (count == MAX_LENGTH) {
                throw new ProtocolException("the response's head is longer than " + MAX_LENGTH + " bytes");
            }
            int next = source.read();
            if (next < 0) {
                throw new EOFException(
                        count == 0 ? "closed without an answer" : "closed in the middle of the response's head");
            } else if (next != '\n') {
                line.append((char) next);
            } else if (line.isEmpty() || line.length() == 1 && line.charAt(0) == '\r') {
                ResponseHead head = parse(lines);
                if (head.status() >= 200 || head.status() == 101) {
                    return head;
                }
                lines.clear();
                line.setLength(0);
            } else {
                lines.add(
                        line.charAt(line.length() - 1) == '\r'
                                ? line.substring(0, line.length() - 1)
                                : line.toString());
                line.setLength(0);
            }
        }
    }

    private static ResponseHead parse(List<String> lines) throws ProtocolException {
        String first = lines.isEmpty() ? "" : lines.getFirst();
        if (!STATUS_LINE.matcher(first).matches()) {
            throw new ProtocolException("not an HTTP/1 response: " + printable(first));
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.merge(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip(),
                        (one, other) -> one + ", " + other);
            }
        }
        return new ResponseHead(Integer.parseInt(first.substring(9, 12)), headers);
    }

    /** A header's value; the name in lower case. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** Whether the header is a comma list with this word, in upper or lower case. */
    public boolean lists(String name, String word) {
        return header(name).stream()
                .flatMap(value -> List.of(value.split(",")).stream())
                .anyMatch(item -> item.strip().equalsIgnoreCase(word));
    }

    /** Untrusted text made fit for a log line: printable ASCII, at most 40 characters. */
    private static String printable(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() > 40 ? printable.substring(0, 40) + "..." : printable;
    }
}
