package ml.helix.wolf.program;

import java.util.List;
import java.util.Map;

/**
 * What a program says of itself on the command line.
 *
 * @param name as the user starts it
 * @param purpose one sentence
 * @param flags in the order of its help
 * @param commands each with what it does; the key "" stands for running without a command
 */
public record Program(String name, String purpose, List<Flag> flags, Map<String, String> commands) {

    /** The help text, 100 columns at most where the flags' own texts allow it. */
    public String usage() {
        var text = new StringBuilder("Usage: " + name + " [flags]");
        if (commands.size() > 1) {
            text.append(" [command]");
        }
        text.append("\n").append(purpose).append("\n");
        if (commands.size() > 1) {
            text.append("\nCommands:\n");
            commands.forEach((command, help) ->
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
