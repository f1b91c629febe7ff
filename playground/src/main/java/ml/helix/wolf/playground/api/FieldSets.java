package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sets of fields in Kubernetes' {@code FieldsV1} form, as {@code metadata.managedFields} holds them: {@code f:name} for
 * a field, {@code k:{"name":"agent"}} for an item of a merged list. Pure functions.
 */
final class FieldSets {
    private static final String FIELD = "f:";
    private static final String ITEM = "k:";
    private static final String SELF = ".";

    private FieldSets() {}

    /** The set of all fields of the object. */
    static ObjectNode of(ObjectNode object, ListKeys keys) {
        return of(object, List.of(), keys);
    }

    private static ObjectNode of(JsonNode object, List<String> path, ListKeys keys) {
        ObjectNode set = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            List<String> below = append(path, field.getKey());
            JsonNode value = field.getValue();
            ObjectNode inner = set.putObject(FIELD + field.getKey());
            if (value.isObject()) {
                inner.setAll(of(value, below, keys));
            } else if (value.isArray() && !keys.of(below).isEmpty()) {
                for (JsonNode item : value) {
                    ObjectNode fields = inner.putObject(ITEM + key(item, keys.of(below)));
                    fields.putObject(SELF);
                    fields.setAll(of(item, below, keys));
                }
            }
        }
        return set;
    }

    /** Removes the fields in {@code owned} that are neither in {@code stillOwned} nor owned by another manager. */
    static void removeAbandoned(ObjectNode object, JsonNode owned, JsonNode stillOwned, List<JsonNode> others) {
        for (Map.Entry<String, JsonNode> entry : owned.properties()) {
            String name = entry.getKey();
            if (!name.startsWith(FIELD)) {
                continue;
            }
            String field = name.substring(FIELD.length());
            JsonNode value = object.path(field);
            boolean leaf = entry.getValue().isEmpty();
            if (!leaf && value instanceof ObjectNode inner) {
                removeAbandoned(inner, entry.getValue(), stillOwned.path(name), at(others, name));
            } else if (!leaf && value instanceof ArrayNode items) {
                removeAbandonedItems(items, entry.getValue(), stillOwned.path(name), at(others, name));
            }
            if ((leaf || value.isEmpty()) && !stillOwned.has(name) && noneHas(others, name)) {
                object.remove(field);
            }
        }
    }

    private static void removeAbandonedItems(
            ArrayNode items, JsonNode owned, JsonNode stillOwned, List<JsonNode> others) {
        for (Map.Entry<String, JsonNode> entry : owned.properties()) {
            String name = entry.getKey();
            for (Iterator<JsonNode> each = items.iterator(); each.hasNext(); ) {
                if (!(each.next() instanceof ObjectNode item) || !matches(item, name)) {
                    continue;
                }
                if (!stillOwned.has(name) && noneHas(others, name)) {
                    each.remove();
                } else {
                    removeAbandoned(item, entry.getValue(), stillOwned.path(name), at(others, name));
                }
            }
        }
    }

    /** The identifying fields of a list's item as JSON. A port without a protocol is TCP. */
    static String key(JsonNode item, List<String> keys) {
        ObjectNode key = JsonNodeFactory.instance.objectNode();
        for (String field : keys) {
            @Nullable JsonNode value = item.get(field);
            if (value != null) {
                key.set(field, value);
            } else if (field.equals("protocol")) {
                key.put(field, "TCP");
            }
        }
        return key.toString();
    }

    private static boolean matches(JsonNode item, String name) {
        if (!name.startsWith(ITEM)) {
            return false;
        }
        JsonNode key = Serialization.unmarshal(name.substring(ITEM.length()), JsonNode.class);
        List<String> fields = new ArrayList<>();
        key.fieldNames().forEachRemaining(fields::add);
        return key(item, fields).equals(key.toString());
    }

    private static boolean noneHas(List<JsonNode> sets, String name) {
        return sets.stream().noneMatch(set -> set.has(name));
    }

    private static List<JsonNode> at(List<JsonNode> sets, String name) {
        return sets.stream().map(set -> set.path(name)).toList();
    }

    private static List<String> append(List<String> path, String field) {
        List<String> longer = new ArrayList<>(path);
        longer.add(field);
        return longer;
    }
}
