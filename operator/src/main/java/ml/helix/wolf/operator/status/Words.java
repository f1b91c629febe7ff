package ml.helix.wolf.operator.status;

/** Other people's words, made fit for a status: one line, valid Unicode, not too long. */
final class Words {
    private static final int LONGEST_MESSAGE = 256;
    private static final int LONGEST_WORD = 128;
    private static final int MOST_BYTES_OF_A_CONDITION = 1024;

    private Words() {}

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
        var plain = text.replaceAll("[\\p{Cc}\\p{Cs}]+", " ");
        return plain.codePointCount(0, plain.length()) <= longest
                ? plain
                : plain.substring(0, plain.offsetByCodePoints(0, longest - 1)) + "…";
    }
}
