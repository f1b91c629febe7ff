package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A custom resource's schema, as far as an API server without CEL uses it: fills in defaults, drops unknown fields,
 * names what does not fit. Immutable; its functions change only the object they are given.
 */
final class StructuralSchema {
    /** Of a kind without a schema: lets everything pass. */
    static final StructuralSchema NONE = new StructuralSchema(MissingNode.getInstance());

    private final JsonNode root;

    StructuralSchema(JsonNode openApi) {
        this.root = openApi;
    }

    /** Sets what the object leaves out and the schema has a default for. */
    void fillIn(ObjectNode object) {
        fillIn(root, object);
    }

    private static void fillIn(JsonNode schema, JsonNode value) {
        if (value instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> property :
                    schema.path("properties").properties()) {
                JsonNode fallback = property.getValue().path("default");
                if (!object.has(property.getKey()) && !fallback.isMissingNode()) {
                    object.set(property.getKey(), fallback.deepCopy());
                }
                fillIn(property.getValue(), object.path(property.getKey()));
            }
        } else if (value.isArray()) {
            value.forEach(item -> fillIn(schema.path("items"), item));
        }
    }

    /** Drops fields that the schema does not know, and nulls. The root's apiVersion, kind and metadata stay. */
    void prune(ObjectNode object) {
        if (!root.isMissingNode()) {
            for (Map.Entry<String, JsonNode> property : root.path("properties").properties()) {
                prune(property.getValue(), object.path(property.getKey()));
            }
        }
    }

    private static void prune(JsonNode schema, JsonNode value) {
        if (value instanceof ObjectNode object && schema.has("properties")) {
            for (Iterator<Map.Entry<String, JsonNode>> each =
                            object.properties().iterator();
                    each.hasNext(); ) {
                Map.Entry<String, JsonNode> field = each.next();
                JsonNode known = schema.path("properties").path(field.getKey());
                if (field.getValue().isNull() || (known.isMissingNode() && !keepsUnknown(schema))) {
                    each.remove();
                } else {
                    prune(known, field.getValue());
                }
            }
        } else if (value.isArray()) {
            value.forEach(item -> prune(schema.path("items"), item));
        }
    }

    private static boolean keepsUnknown(JsonNode schema) {
        return schema.path("x-kubernetes-preserve-unknown-fields").asBoolean();
    }

    /** What does not fit, one sentence each, as an API server words it; empty when all fits. */
    List<String> problems(ObjectNode object) {
        List<String> problems = new ArrayList<>();
        for (JsonNode required : root.path("required")) {
            if (!object.has(required.asText())) {
                problems.add(required.asText() + ": Required value");
            }
        }
        for (Map.Entry<String, JsonNode> property : root.path("properties").properties()) {
            if (object.has(property.getKey())) {
                check(property.getValue(), object.get(property.getKey()), property.getKey(), problems);
            }
        }
        return problems;
    }

    private static void check(JsonNode schema, JsonNode value, String path, List<String> problems) {
        if (!ofType(schema, value)) {
            problems.add(path + ": Invalid value: must be of type "
                    + schema.path("type").asText());
            return;
        }
        for (JsonNode required : schema.path("required")) {
            if (!value.has(required.asText())) {
                problems.add(path + "." + required.asText() + ": Required value");
            }
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            if (value.has(property.getKey())) {
                check(property.getValue(), value.get(property.getKey()), path + "." + property.getKey(), problems);
            }
        }
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                check(schema.path("items"), value.get(i), path + "[" + i + "]", problems);
            }
        }
        checkScalar(schema, value, path, problems);
    }

    private static void checkScalar(JsonNode schema, JsonNode value, String path, List<String> problems) {
        if (schema.has("enum") && !contains(schema.get("enum"), value)) {
            problems.add(path + ": Unsupported value: " + value + ": supported values: " + schema.get("enum"));
        }
        if (value.isTextual()
                && schema.has("pattern")
                && !Pattern.compile(schema.get("pattern").asText())
                        .matcher(value.asText())
                        .find()) {
            problems.add(path + ": Invalid value: " + value + ": should match "
                    + schema.get("pattern").asText());
        }
        if (value.isNumber()
                && schema.has("minimum")
                && value.asDouble() < schema.get("minimum").asDouble()) {
            problems.add(path + ": Invalid value: " + value + ": should be greater than or equal to "
                    + schema.get("minimum"));
        }
        if (value.isNumber()
                && schema.has("maximum")
                && value.asDouble() > schema.get("maximum").asDouble()) {
            problems.add(
                    path + ": Invalid value: " + value + ": should be less than or equal to " + schema.get("maximum"));
        }
    }

    private static boolean contains(JsonNode values, JsonNode value) {
        for (JsonNode candidate : values) {
            if (candidate.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean ofType(JsonNode schema, JsonNode value) {
        return switch (schema.path("type").asText()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            default -> true;
        };
    }

    /** Which lists of the kind are merged: those the schema says so of, and the owner references. */
    ListKeys listKeys() {
        return path -> {
            if (path.getFirst().equals("metadata")) {
                return ListKeys.builtIn().of(path);
            }
            JsonNode schema = root;
            for (String field : path) {
                schema = schema.path("items").isMissingNode() ? schema : schema.path("items");
                schema = schema.path("properties").path(field);
            }
            List<String> keys = new ArrayList<>();
            if (schema.path("x-kubernetes-list-type").asText().equals("map")) {
                schema.path("x-kubernetes-list-map-keys").forEach(key -> keys.add(key.asText()));
            }
            return keys;
        };
    }
}
