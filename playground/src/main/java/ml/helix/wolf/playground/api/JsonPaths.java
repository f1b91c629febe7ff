package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The Kubernetes JSON paths that the printer columns here use: fields, {@code [*]}, {@code ['a','b']} and {@code [?(@.a=="b")]}. */
final class JsonPaths {
    private static final Pattern STEP = Pattern.compile("\\.(?<field>[A-Za-z0-9_-]+)"
            + "|(?<all>\\[\\*])"
            + "|\\['(?<fields>[A-Za-z0-9_-]+(?:','[A-Za-z0-9_-]+)*)']"
            + "|\\[\\?\\(@\\.(?<key>[A-Za-z0-9_-]+)\\s*==\\s*[\"'](?<value>[^\"']*)[\"']\\)]");

    private JsonPaths() {}

    /** The values at the path, joined by commas; empty if there are none. */
    static String text(String path, JsonNode object) {
        return find(path, object).stream()
                .filter(node -> !node.isMissingNode() && !node.isNull())
                .map(node -> node.isValueNode() ? node.asText() : node.toString())
                .collect(Collectors.joining(","));
    }

    private static List<JsonNode> find(String path, JsonNode object) {
        List<JsonNode> found = List.of(object);
        Matcher step = STEP.matcher(path);
        int at = 0;
        while (at < path.length()) {
            if (!step.find(at) || step.start() != at) {
                throw new IllegalArgumentException("Unsupported JSON path: " + path);
            }
            List<JsonNode> next = new ArrayList<>();
            for (JsonNode node : found) {
                follow(step, node, next);
            }
            found = next;
            at = step.end();
        }
        return found;
    }

    private static void follow(Matcher step, JsonNode node, List<JsonNode> next) {
        if (step.group("field") != null) {
            next.add(node.path(step.group("field")));
        } else if (step.group("fields") != null) {
            for (String field : step.group("fields").split("','", -1)) {
                next.add(node.path(field));
            }
        } else if (step.group("all") != null) {
            node.forEach(next::add);
        } else {
            for (JsonNode item : node) {
                if (item.path(step.group("key")).asText().equals(step.group("value"))) {
                    next.add(item);
                }
            }
        }
    }
}
