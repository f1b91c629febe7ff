package ml.helix.wolf.program;

import java.util.Locale;

/** The lowest severity of the log lines that are written. */
public enum LogLevel {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR;

    /** @throws IllegalArgumentException if the text is none of them */
    public static LogLevel parse(String text) {
        try {
            return valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("must be trace, debug, info, warn or error, not '" + text + "'", e);
        }
    }
}
