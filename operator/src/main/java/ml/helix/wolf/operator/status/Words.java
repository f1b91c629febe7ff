package ml.helix.wolf.operator.status;

import java.util.regex.Pattern;
import ml.helix.wolf.program.Printable;

/** Other people's words, made fit for a status: one line, valid Unicode, not too long. */
final class Words {
    private static final int LONGEST_MESSAGE = 256;
    private static final int LONGEST_WORD = 128;
    private static final int MOST_BYTES_OF_A_CONDITION = 1024;

    /**
     * What differs between attempts that fail for one cause: UUIDs, long ids, and whatever begins with a digit (addresses,
     * ports, times, durations, counts). Digits within a name are part of it.
     */
    private static final Pattern NUMBER =
            Pattern.compile("(?<![0-9a-f])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_\\d+)?"
                    + "|\\[[0-9a-f:.]+](:\\d+)?"
                    + "|(?<![\\w-])[0-9]([\\w:.+µ]*\\w)?"
                    + "|(?<![\\w-])[0-9a-f]{12,}\\b"
                    + "|(?<![\\w-])[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,}(\\.[0-9.]+)?");

    private Words() {}

    /** Whether two messages tell of the same cause: they differ in numbers, addresses or ids alone. */
    static boolean sameButForNumbers(String one, String other) {
        return one.equals(other)
                || NUMBER.matcher(one)
                        .replaceAll("#")
                        .equals(NUMBER.matcher(other).replaceAll("#"));
    }

    /** At most 256 characters. */
    static String message(String text) {
        return cut(text, LONGEST_MESSAGE);
    }

    /** At most 128 characters. */
    static String word(String text) {
        return cut(text, LONGEST_WORD);
    }

    /** At most 1 KiB as the API server keeps it. */
    static String ofCondition(String message) {
        var fit = cut(message, MOST_BYTES_OF_A_CONDITION);
        while (WireSize.of(fit) > MOST_BYTES_OF_A_CONDITION) {
            fit = cut(fit, fit.codePointCount(0, fit.length()) * 7 / 8);
        }
        return fit;
    }

    private static String cut(String text, int longest) {
        var plain = Printable.of(text.replaceAll("[\\r\\n\\t]+", " "));
        return plain.codePointCount(0, plain.length()) <= longest
                ? plain
                : plain.substring(0, plain.offsetByCodePoints(0, longest - 1)) + "…";
    }
}
