package ml.helix.wolf.operator.status;

import java.util.regex.Pattern;
import ml.helix.wolf.program.Printable;

/** Makes texts of other programs fit for a status: one line, valid Unicode, not too long. */
final class StatusText {
    private static final int MAX_MESSAGE = 256;
    private static final int MAX_WORD = 128;
    private static final int MAX_CONDITION_BYTES = 1024;

    /**
     * What differs between attempts that fail for the same cause: UUIDs, long ids, and what begins with a digit (addresses,
     * ports, times, durations, counts). Digits inside a name belong to the name.
     */
    private static final Pattern NUMBER =
            Pattern.compile("(?<![0-9a-f])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_\\d+)?"
                    + "|\\[[0-9a-f:.]+](:\\d+)?"
                    + "|(?<![\\w-])[0-9]([\\w:.+µ]*\\w)?"
                    + "|(?<![\\w-])[0-9a-f]{12,}\\b"
                    + "|(?<![\\w-])[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,}(\\.[0-9.]+)?");

    private StatusText() {}

    /**
     * Whether a message names the same cause as the one before: it differs only in numbers, addresses or ids, or is the
     * beginning of it. The kubelet says in turn why an attempt failed, and, in fewer words, that it waits.
     */
    static boolean meansTheSame(String before, String message) {
        return before.startsWith(message) || differOnlyInNumbers(before, message);
    }

    static boolean differOnlyInNumbers(String one, String other) {
        return NUMBER.matcher(one).replaceAll("#").equals(NUMBER.matcher(other).replaceAll("#"));
    }

    /** At most 256 characters. */
    static String message(String text) {
        return cut(text, MAX_MESSAGE);
    }

    /** At most 128 characters. */
    static String word(String text) {
        return cut(text, MAX_WORD);
    }

    /** At most 1 KiB as the API server keeps it. */
    static String conditionMessage(String text) {
        var fit = cut(text, MAX_CONDITION_BYTES);
        while (WireSize.of(fit) > MAX_CONDITION_BYTES) {
            fit = cut(fit, fit.codePointCount(0, fit.length()) * 7 / 8);
        }
        return fit;
    }

    private static String cut(String text, int maxCharacters) {
        var plain = Printable.of(text.replaceAll("[\\r\\n\\t]+", " "));
        return plain.codePointCount(0, plain.length()) <= maxCharacters
                ? plain
                : plain.substring(0, plain.offsetByCodePoints(0, maxCharacters - 1)) + "…";
    }
}
