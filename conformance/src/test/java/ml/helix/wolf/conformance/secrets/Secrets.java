package ml.helix.wolf.conformance.secrets;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;

/** The secrets of this module's tests. Each contains the same mark, and nothing else contains it. */
public final class Secrets {
    /** Part of every token and password of the tests. */
    public static final String MARK = "kit-s3cr3t";

    /** The mark itself and its Base64 at each of the three offsets. */
    private static final List<String> TRACES = IntStream.range(0, 4)
            .mapToObj(offset -> offset == 3 ? MARK : inBase64(offset))
            .toList();

    private Secrets() {}

    /** Whether the text contains a secret, plain or in Base64. */
    public static boolean in(String text) {
        return TRACES.stream().anyMatch(text::contains);
    }

    /** If the text contains a secret, adds it to those seen, with the secret replaced. */
    static void note(String text, List<String> seen) {
        if (in(text)) {
            String redacted = text;
            for (String trace : TRACES) {
                redacted = redacted.replace(trace, "[secret]");
            }
            seen.add(redacted);
        }
    }

    /** The part of the encoded mark that doesn't depend on the text before and after it. */
    private static String inBase64(int offset) {
        byte[] shifted = ("x".repeat(offset) + MARK).getBytes(StandardCharsets.US_ASCII);
        String whole = Base64.getEncoder().encodeToString(shifted);
        return whole.substring(offset == 0 ? 0 : 4, shifted.length / 3 * 4);
    }
}
