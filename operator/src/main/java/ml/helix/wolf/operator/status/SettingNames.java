package ml.helix.wolf.operator.status;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says an agent's message in the words of its tunnel: an agent knows its settings as flags and environment variables, whoever
 * reads a status knows the Secret, the ConfigMap and the fields that they come from.
 */
final class SettingNames {
    private final Map<String, String> names;
    private final Pattern variables;

    /** @param names where the tunnel says what a variable holds, by the variable's name */
    SettingNames(Map<String, String> names) {
        this.names = names;
        this.variables = Pattern.compile(names.keySet().stream()
                .map(Pattern::quote)
                .collect(Collectors.joining("|", "(?:-[a-z][a-z-]* \\()?\\b(", ")\\b\\)?(?: or its file)?")));
    }

    String inWordsOfTheTunnel(String message) {
        return names.isEmpty()
                ? message
                : variables.matcher(message).replaceAll(found -> Matcher.quoteReplacement(names.get(found.group(1))));
    }
}
