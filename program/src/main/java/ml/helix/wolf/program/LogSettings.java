package ml.helix.wolf.program;

import java.util.List;
import java.util.Optional;

/**
 * How a program logs, and the two flags that say so.
 *
 * @param level the lowest severity that is logged
 * @param format how a line looks
 */
public record LogSettings(LogLevel level, LogFormat format) {
    private static final Flag LEVEL =
            Flag.value("log-level", "LOG_LEVEL", "info", "trace, debug, info, warn or error.");
    private static final Flag FORMAT = Flag.value("log-format", "LOG_FORMAT", "text", "text or json.");

    /** For a {@link Program}'s list. */
    public static final List<Flag> FLAGS = List.of(LEVEL, FORMAT);

    /** Without flags and environment. */
    public static final LogSettings DEFAULT = new LogSettings(LogLevel.INFO, LogFormat.TEXT);

    /** Reads the two flags. A bad value becomes the default, and a problem that {@link Settings#done} names. */
    public static LogSettings of(Settings settings) {
        Optional<LogLevel> level = settings.parsed(LEVEL, LogLevel::parse);
        Optional<LogFormat> format = settings.parsed(FORMAT, LogFormat::parse);
        return new LogSettings(level.orElse(DEFAULT.level), format.orElse(DEFAULT.format));
    }
}
