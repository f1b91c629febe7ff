package ml.helix.wolf.operator.status;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Replaces the flags and environment variables in an agent's message by the field, Secret or ConfigMap that sets them: the
 * reader of a status doesn't know how the agent is configured.
 */
final class SettingNames {
    private final Map<String, String> sources;
    private final Pattern variables;

    /** @param sources what sets each variable, by the variable's name */
    SettingNames(Map<String, String> sources) {
        this.sources = sources;
        this.variables = Pattern.compile(sources.keySet().stream()
                .map(Pattern::quote)
                .collect(Collectors.joining("|", "(?:-[a-z][a-z-]* \\()?\\b(", ")\\b\\)?(?: or its file)?")));
    }

    String translated(String message) {
        return sources.isEmpty()
                ? message
                : variables.matcher(message).replaceAll(found -> Matcher.quoteReplacement(sources.get(found.group(1))));
    }
}
