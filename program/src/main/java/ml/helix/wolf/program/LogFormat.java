package ml.helix.wolf.program;

import java.util.Locale;

/** How log lines look: for people, or one JSON object a line for collectors. */
public enum LogFormat {
    TEXT,
    JSON;

    /** @throws IllegalArgumentException if the text is neither */
    public static LogFormat parse(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "text" -> TEXT;
            case "json" -> JSON;
            default -> throw new IllegalArgumentException("must be text or json, not '" + text + "'");
        };
    }
}
