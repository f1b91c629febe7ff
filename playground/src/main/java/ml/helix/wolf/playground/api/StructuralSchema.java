package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The schema of a custom resource, without its CEL rules: fills in defaults and lists what doesn't fit. Immutable. */
final class StructuralSchema {
    /** Accepts every object; for kinds without a schema. */
    static final StructuralSchema NONE = new StructuralSchema(MissingNode.getInstance());

    private final JsonNode root;

    StructuralSchema(JsonNode openApi) {
        this.root = openApi;
    }

    /** Sets the defaults of fields that the object leaves out. */
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

    /** Each value that doesn't fit, in an API server's words; empty if all fit. */
    List<String> problems(ObjectNode object) {
        List<String> problems = new ArrayList<>();
        check(root, object, "", problems);
        return problems;
    }

    private static void check(JsonNode schema, JsonNode value, String path, List<String> problems) {
        if (!ofType(schema, value)) {
            problems.add(path + ": Invalid value: must be of type "
                    + schema.path("type").asText());
            return;
        }
        String prefix = path.isEmpty() ? "" : path + ".";
        for (JsonNode required : schema.path("required")) {
            if (!value.has(required.asText())) {
                problems.add(prefix + required.asText() + ": Required value");
            }
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            if (value.has(property.getKey())) {
                check(property.getValue(), value.get(property.getKey()), prefix + property.getKey(), problems);
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
        if (schema.has("enum") && schema.get("enum").valueStream().noneMatch(value::equals)) {
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

    /** The lists that the schema calls maps, and those of the metadata. */
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
