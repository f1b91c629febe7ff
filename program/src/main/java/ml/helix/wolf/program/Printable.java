package ml.helix.wolf.program;

/**
 * Makes text from outside fit to be shown: in a log, a status, an error or a table. What is not visible, moves the
 * cursor, ends the line or turns the writing direction is written as its code instead, for example {@code \u202e}.
 */
public final class Printable {
    private Printable() {}

    /** The same text in one line; at most 10 characters for each one that is not printable. */
    public static String of(String text) {
        if (text.codePoints().allMatch(Printable::isPrintable)) {
            return text;
        }
        var shown = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(character -> {
            if (isPrintable(character)) {
                shown.appendCodePoint(character);
            } else {
                shown.append(code(character));
            }
        });
        return shown.toString();
    }

    /**
     * Whether it shows as a character of its own, or as a mark on one, or is a space. Controls, format characters (bidi
     * controls, zero-width ones), line and paragraph separators, lone surrogates, private and unassigned code points
     * don't, and neither do those letters and marks that are always invisible.
     */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> !isInvisible(codePoint);
        };
    }

    /** Unicode's Default_Ignorable_Code_Point, as far as these are letters or marks. */
    private static boolean isInvisible(int codePoint) {
        return switch (codePoint) {
            case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0 -> true;
            default -> (codePoint >= 0xFE00 && codePoint <= 0xFE0F) || (codePoint >= 0xE0100 && codePoint <= 0xE01EF);
        };
    }

    private static String code(int character) {
        return switch (character) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> (character > 0xFFFF ? "\\u{%x}" : "\\u%04x").formatted(character);
        };
    }
}
