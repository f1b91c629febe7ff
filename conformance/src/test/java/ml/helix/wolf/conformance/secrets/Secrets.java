package ml.helix.wolf.conformance.secrets;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;

/** The secrets of this module's tests: each has one mark in it, which nothing else has. */
public final class Secrets {
    /** What every token and password in a test holds. */
    public static final String MARK = "kit-s3cr3t";

    /** The mark and what it becomes inside Base64, at whatever offset. */
    private static final List<String> TRACES = IntStream.range(0, 4)
            .mapToObj(offset -> offset == 3 ? MARK : inBase64(offset))
            .toList();

    private Secrets() {}

    /** Whether there is a secret in the text, plain or in Base64. */
    public static boolean in(String text) {
        return TRACES.stream().anyMatch(text::contains);
    }

    /** Adds the text to those seen where it has a secret in it, without the secret. */
    static void note(String text, List<String> seen) {
        if (in(text)) {
            String redacted = text;
            for (String trace : TRACES) {
                redacted = redacted.replace(trace, "[secret]");
            }
            seen.add(redacted);
        }
    }

    /** The part of the encoded mark that doesn't depend on what stands before and after it. */
    private static String inBase64(int offset) {
        byte[] shifted = ("x".repeat(offset) + MARK).getBytes(StandardCharsets.US_ASCII);
        String whole = Base64.getEncoder().encodeToString(shifted);
        return whole.substring(offset == 0 ? 0 : 4, shifted.length / 3 * 4);
    }
}
