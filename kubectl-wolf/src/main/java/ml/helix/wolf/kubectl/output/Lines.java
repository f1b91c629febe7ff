package ml.helix.wolf.kubectl.output;

import java.util.ArrayList;
import java.util.List;

/** Breaks text into lines. */
public final class Lines {
    private static final int NARROWEST = 30;

    private Lines() {}

    /**
     * Breaks at spaces, so that no line is longer than {@code width}; a longer word has a line of its own.
     *
     * @param width 0 for no limit; at least 30 counts
     */
    public static List<String> wrap(String text, int width) {
        if (width <= 0 || text.length() <= width) {
            return List.of(text);
        }
        int limit = Math.max(width, NARROWEST);
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (String word : text.split(" ")) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > limit) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    /** The text with spaces up to this width. */
    public static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
