package ml.helix.wolf.operator.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import ml.helix.wolf.operator.desired.Digests;

/**
 * The fields of an object that one field manager has applied, with their values. Defaults that the API server adds, and other
 * managers' fields, do not belong to it.
 *
 * <p>The format of {@code FieldsV1} is that of structured-merge-diff's {@code fieldpath} package: {@code f:name} is a field,
 * {@code k:{…}} an item of a list by its keys, {@code v:…} an item by its value, {@code i:n} an item by its index, {@code .}
 * the parent itself. An element without children is owned whole.
 */
final class OwnedFields {
    private static final ObjectMapper JSON = new ObjectMapper();

    private OwnedFields() {}

    /** Equal for two versions of an object in which the manager has the same fields with the same values. */
    static String digest(HasMetadata object, String manager) {
        JsonNode whole = JSON.valueToTree(object);
        var text = new StringBuilder();
        object.getMetadata().getManagedFields().stream()
                .filter(entry -> isApplied(entry, manager))
                .forEach(entry -> append(fields(entry.getFieldsV1()), whole, text));
        return Digests.of(text.toString());
    }

    private static boolean isApplied(ManagedFieldsEntry entry, String manager) {
        return manager.equals(entry.getManager())
                && "Apply".equals(entry.getOperation())
                && entry.getSubresource() == null
                && entry.getFieldsV1() != null;
    }

    private static void append(JsonNode fields, JsonNode value, StringBuilder text) {
        if (fields.isEmpty()) {
            text.append(value).append('\n');
            return;
        }
        fields.properties().forEach(field -> {
            text.append(field.getKey()).append('=');
            if (!field.getKey().equals(".")) {
                append(field.getValue(), child(value, field.getKey()), text);
            }
        });
    }

    private static JsonNode child(JsonNode parent, String element) {
        var rest = element.substring(2);
        return switch (element.charAt(0)) {
            case 'f' -> parent.path(rest);
            case 'i' -> parent.path(Integer.parseInt(rest));
            case 'v' -> item(parent, json(rest), false);
            case 'k' -> item(parent, json(rest), true);
            default -> MissingNode.getInstance();
        };
    }

    private static JsonNode item(JsonNode list, JsonNode wanted, boolean byKeys) {
        for (var item : list) {
            boolean found = byKeys
                    ? wanted.properties().stream().allMatch(key -> item.path(key.getKey())
                            .asText()
                            .equals(key.getValue().asText()))
                    : item.asText().equals(wanted.asText());
            if (found) {
                return item;
            }
        }
        return MissingNode.getInstance();
    }

    /** The operator's client keeps them as text, other clients as a tree. */
    private static JsonNode fields(FieldsV1 fields) {
        JsonNode tree = JSON.valueToTree(fields);
        return tree.path("json").isTextual() ? json(tree.path("json").asText()) : tree;
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the API server sent managedFields that are no FieldsV1: " + text, e);
        }
    }
}
