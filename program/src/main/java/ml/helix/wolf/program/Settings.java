package ml.helix.wolf.program;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a program: flags before environment before fallbacks.
 *
 * <p>Each reading method notes what is wrong instead of throwing, so that {@link #done} can name every problem at once.
 * An empty environment variable counts as unset. Not thread-safe; read once at the start.
 */
public final class Settings {
    private static final Flag HELP = Flag.toggle("help", "", "Prints this.");

    private final CommandLine line;
    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();
    private String command = "";

    private Settings(CommandLine line, Map<String, String> environment) {
        this.line = line;
        this.environment = environment;
    }

    /** Parses the arguments. Never throws: what is wrong with them is among {@link #done}'s problems. */
    public static Settings read(Program program, String[] arguments, Map<String, String> environment) {
        List<Flag> flags =
                Stream.concat(program.flags().stream(), Stream.of(HELP)).toList();
        var settings = new Settings(CommandLine.parse(flags, arguments), environment);
        settings.checkLine(program);
        return settings;
    }

    private void checkLine(Program program) {
        line.withoutValue().forEach(flag -> problems.add("-" + flag.name() + " needs a value"));
        // Only the first: the next may be its value, and that a secret.
        line.unknown().stream().limit(1).forEach(flag -> problems.add("unknown flag " + flag));
        List<String> words = line.words();
        if (words.size() > 1) {
            problems.add("one command at a time, not " + words.size());
        } else if (words.size() == 1 && program.commands().containsKey(words.getFirst())) {
            command = words.getFirst();
        } else if (words.size() == 1) {
            // It may be the value of a mistyped flag, and that a secret.
            problems.add(
                    line.unknown().isEmpty() && words.getFirst().matches("[a-z]{1,12}")
                            ? "unknown command '" + words.getFirst() + "'"
                            : "unknown command (not printed, it may be a secret)");
        }
    }

    /** The command given, "" for none. */
    public String command() {
        return command;
    }

    /** Whether help was asked for. Then nothing else is done. */
    public boolean helpWanted() {
        return toggle(HELP);
    }

    /** The text of the flag, else of its environment variable, else its fallback; empty if there is none. */
    public Optional<String> text(Flag flag) {
        return Optional.of(textOr(flag)).filter(text -> !text.isEmpty());
    }

    private String textOr(Flag flag) {
        @Nullable String onLine = line.values().get(flag.name());
        if (onLine != null) {
            return onLine;
        }
        String fromEnvironment = environment.getOrDefault(flag.environment(), "");
        return fromEnvironment.isEmpty() ? flag.fallback() : fromEnvironment;
    }

    /** As {@link #text}; unset is a problem. */
    public Optional<String> required(Flag flag) {
        Optional<String> text = text(flag);
        if (text.isEmpty()) {
            problems.add(flag + " is required: " + flag.help());
        }
        return text;
    }

    /** True if the flag stands alone. Else true, 1, yes, or false, 0, no; anything else is a problem. */
    public boolean toggle(Flag flag) {
        return switch (textOr(flag).toLowerCase(Locale.ROOT)) {
            case "", "false", "0", "no" -> false;
            case "true", "1", "yes" -> true;
            default -> {
                problems.add(flag + " must be true or false");
                yield false;
            }
        };
    }

    /** Whole seconds, 0 to a day. Anything else is a problem, and zero. */
    public Duration seconds(Flag flag) {
        return parsed(flag, text -> {
                    if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 86_400) {
                        throw new IllegalArgumentException("must be whole seconds from 0 to 86400, not '" + text + "'");
                    }
                    return Duration.ofSeconds(Integer.parseInt(text));
                })
                .orElse(Duration.ZERO);
    }

    /** The text as {@code parser} reads it; its IllegalArgumentException's message becomes a problem. */
    public <T> Optional<T> parsed(Flag flag, Function<String, T> parser) {
        try {
            return text(flag).map(parser);
        } catch (IllegalArgumentException e) {
            problems.add(flag + " " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Adds a problem that only the program itself can see. */
    public void problem(String sentence) {
        problems.add(sentence);
    }

    /**
     * Call when everything has been read.
     *
     * @throws UsageException with every problem
     */
    public void done() throws UsageException {
        if (!problems.isEmpty()) {
            throw new UsageException(problems.stream().distinct().toList());
        }
    }
}
