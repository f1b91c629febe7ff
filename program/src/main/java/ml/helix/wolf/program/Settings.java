package ml.helix.wolf.program;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/**
 * What a command line and an environment say, flags before environment before fallbacks.
 *
 * <p>Each reading method notes what is wrong instead of throwing, so that {@link #done} can name every problem at once.
 * An empty environment variable counts as unset. Not thread-safe; read once at the start.
 */
public final class Settings {
    private static final Flag HELP = Flag.toggle("help", "", "Prints this.");

    private final Map<String, String> given = new HashMap<>();
    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();
    private String command = "";

    private Settings(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Parses the arguments. Never throws: what is wrong with them is among {@link #done}'s problems. */
    public static Settings read(Program program, String[] args, Map<String, String> environment) {
        var settings = new Settings(environment);
        var line = commandLine(program);
        ParseResult parsed = line.parseArgs(Stream.of(args)
                .map(argument -> bareToggles(program).contains(argument) ? argument + "=true" : argument)
                .toArray(String[]::new));
        parsed.errors().forEach(error -> settings.problems.add(said(error)));
        for (Flag flag : program.flags()) {
            settings.note(flag, parsed);
        }
        settings.note(HELP, parsed);
        settings.note(program, parsed);
        return settings;
    }

    private static Set<String> bareToggles(Program program) {
        return Stream.concat(program.flags().stream(), Stream.of(HELP))
                .filter(Flag::toggle)
                .flatMap(flag -> Stream.of("-" + flag.name(), "--" + flag.name()))
                .collect(Collectors.toSet());
    }

    private static CommandLine commandLine(Program program) {
        var spec = CommandSpec.create().name(program.name());
        program.flags().forEach(flag -> spec.addOption(option(flag)));
        spec.addOption(option(HELP));
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel("command")
                .arity("0..*")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .build());
        spec.parser()
                .collectErrors(true)
                .posixClusteredShortOptionsAllowed(false)
                .abbreviatedOptionsAllowed(false);
        return new CommandLine(spec).setExpandAtFiles(false).setOverwrittenOptionsAllowed(true);
    }

    private static OptionSpec option(Flag flag) {
        return OptionSpec.builder("-" + flag.name(), "--" + flag.name())
                .paramLabel("value")
                .type(String.class)
                .arity("1")
                .build();
    }

    /** picocli quotes the offending value in its messages, and the value of a flag may be a secret. */
    private static String said(Exception error) {
        return switch (error) {
            case CommandLine.MissingParameterException missing
            when missing.getMissing().getFirst() instanceof OptionSpec option -> option.names()[0] + " needs a value";
            case CommandLine.UnmatchedArgumentException unknown ->
                "unknown flag " + unknown.getUnmatched().getFirst().replaceFirst("=.*", "");
            case CommandLine.ParameterException bad
            when bad.getArgSpec() instanceof OptionSpec option -> option.names()[0] + " takes no such value";
            default -> "the arguments can't be read";
        };
    }

    private void note(Flag flag, ParseResult parsed) {
        var option = parsed.matchedOption("-" + flag.name());
        if (option != null) {
            given.put(flag.name(), option.getValue());
        }
    }

    private void note(Program program, ParseResult parsed) {
        List<String> words = parsed.matchedPositionals().stream()
                .flatMap(positional -> positional.stringValues().stream())
                .toList();
        if (words.size() > 1) {
            problems.add("one command at a time, not " + words.size());
        } else if (words.size() == 1 && !program.commands().containsKey(words.getFirst())) {
            problems.add(
                    couldBeACommand(words.getFirst(), parsed)
                            ? "unknown command '" + words.getFirst() + "'"
                            : "unknown command, here left out lest it is a secret");
        } else if (words.size() == 1) {
            command = words.getFirst();
        }
    }

    /** Else it may be the value of a mistyped flag, and that a token. */
    private static boolean couldBeACommand(String word, ParseResult parsed) {
        return parsed.unmatched().isEmpty() && word.matches("[a-z]{1,12}");
    }

    /** The command given, "" for none. */
    public String command() {
        return command;
    }

    /** Whether help was asked for; nothing else matters then. */
    public boolean helpWanted() {
        return toggle(HELP);
    }

    /** The flag's text, its environment variable's, its fallback, or nothing. */
    public Optional<String> text(Flag flag) {
        return Optional.of(textOr(flag)).filter(text -> !text.isEmpty());
    }

    private String textOr(Flag flag) {
        @Nullable String onLine = given.get(flag.name());
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

    /** True where the flag stands alone or says true; the environment takes true, false, 1, 0, yes, no. */
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

    /** Whole seconds, 0 to a day; zero where the text is no such number, and that is a problem. */
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

    /** To be called once everything has been read. */
    public void done() throws UsageException {
        if (!problems.isEmpty()) {
            throw new UsageException(problems.stream().distinct().toList());
        }
    }
}
