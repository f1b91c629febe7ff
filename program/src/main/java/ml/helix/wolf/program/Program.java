package ml.helix.wolf.program;

import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A program as its command line describes it.
 *
 * @param name as the user starts it
 * @param purpose one sentence
 * @param flags in the order of its help
 * @param commands each with what it does; the key "" stands for running without a command;
 *     {@code version} is {@link #run}'s own
 */
public record Program(String name, String purpose, List<Flag> flags, Map<String, String> commands) {

    /** The program's own work. */
    @FunctionalInterface
    public interface Body {
        /**
         * The exit status.
         *
         * @throws UsageException with every problem of the settings
         */
        int run(Settings settings) throws UsageException, InterruptedException;
    }

    /**
     * Runs the program: prints the help or the version if one is asked for, else runs {@code body}.
     *
     * @return the exit status: 2, with every problem on {@code err}, for bad usage
     */
    public int run(String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err, Body body)
            throws InterruptedException {
        OutOfMemory.endsTheProcess();
        var settings = Settings.read(this, arguments, environment);
        if (settings.helpWanted()) {
            out.print(usage());
            return 0;
        }
        try {
            if (settings.command().equals("version")) {
                settings.done();
                out.println(Version.text());
                return 0;
            }
            return body.run(settings);
        } catch (UsageException e) {
            err.print(e.report(this));
            return 2;
        }
    }

    /** The help text. */
    public String usage() {
        var text = new StringBuilder("Usage: " + name + " [flags]");
        if (commands.size() > 1) {
            text.append(" [command]");
        }
        text.append("\n").append(purpose).append("\n");
        if (commands.size() > 1) {
            text.append("\nCommands:\n");
            new TreeMap<>(commands)
                    .forEach((command, help) ->
                            text.append("  %-10s %s%n".formatted(command.isEmpty() ? "(none)" : command, help)));
        }
        text.append("\nFlags, with one dash or two; a flag wins over its environment variable:\n");
        for (Flag flag : flags) {
            text.append("  -").append(flag.name());
            if (!flag.environment().isEmpty()) {
                text.append(", ").append(flag.environment());
            }
            text.append("\n      ").append(flag.help());
            if (!flag.fallback().isEmpty()) {
                text.append(" Default: ").append(flag.fallback());
            }
            text.append("\n");
        }
        return text.append("  -help\n      Prints this.\n").toString();
    }
}
