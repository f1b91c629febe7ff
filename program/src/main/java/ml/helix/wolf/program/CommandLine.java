package ml.helix.wolf.program;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a program, sorted. A flag has one dash or two. Its value follows an equals sign or is the next
 * argument, and is never itself a flag of the program. A toggle that stands alone is true. After {@code --} nothing is a
 * flag.
 *
 * @param values the last value of each flag, by its name
 * @param withoutValue the flags whose value is missing
 * @param unknown what looks like a flag and is none of the program's, as written, without its value
 * @param words what is neither a flag nor a value
 */
record CommandLine(Map<String, String> values, List<Flag> withoutValue, List<String> unknown, List<String> words) {
    private static final Pattern FLAG = Pattern.compile("(?<dashed>--?(?<name>[^=]*))(=(?<value>.*))?", Pattern.DOTALL);

    static CommandLine parse(List<Flag> flags, String... arguments) {
        Map<String, Flag> byName = flags.stream().collect(Collectors.toMap(Flag::name, Function.identity()));
        var line = new CommandLine(new HashMap<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        var rest = new ArrayDeque<>(List.of(arguments));
        while (!rest.isEmpty()) {
            String argument = rest.remove();
            Matcher parts = FLAG.matcher(argument);
            if (argument.equals("--")) {
                line.words.addAll(rest);
                return line;
            } else if (argument.equals("-") || !parts.matches()) {
                line.words.add(argument);
            } else if (!(byName.get(parts.group("name")) instanceof Flag flag)) {
                line.unknown.add(parts.group("dashed"));
            } else {
                @Nullable String attached = parts.group("value");
                boolean alone = attached == null && flag.toggle();
                @Nullable String value = alone ? "true" : attached == null ? rest.peek() : attached;
                if (value == null || isFlag(value, byName)) {
                    line.withoutValue.add(flag);
                } else {
                    line.values.put(flag.name(), value);
                    if (attached == null && !alone) {
                        rest.remove();
                    }
                }
            }
        }
        return line;
    }

    private static boolean isFlag(String argument, Map<String, Flag> byName) {
        Matcher parts = FLAG.matcher(argument);
        return argument.equals("--") || (parts.matches() && byName.containsKey(parts.group("name")));
    }
}
