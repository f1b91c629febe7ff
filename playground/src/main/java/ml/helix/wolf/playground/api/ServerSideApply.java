package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Server-side apply as a pure function. An apply removes the fields that its manager applied before and leaves out now,
 * unless another manager owns them. Every apply counts as forced: conflicts are not detected.
 *
 * @param manager the field manager
 * @param subresource {@code status}, or "" for the object itself
 */
record ServerSideApply(String manager, String subresource, ListKeys keys, Instant now) {

    /** The object after the apply; equal to {@code current} if the apply changes nothing. */
    ObjectNode applied(ObjectNode current, ObjectNode intent) {
        ObjectNode desired = owned(intent);
        ObjectNode fields = FieldSets.of(desired, keys);
        ObjectNode result = current.deepCopy();
        List<JsonNode> others = new ArrayList<>();
        JsonNode before = JsonNodeFactory.instance.objectNode();
        for (JsonNode entry : current.at("/metadata/managedFields")) {
            if (mine(entry)) {
                before = entry.path("fieldsV1");
            } else {
                others.add(entry.path("fieldsV1"));
            }
        }
        FieldSets.removeAbandoned(result, before, fields, others);
        merge(result, desired, List.of());
        if (!before.equals(fields)) {
            record(result, fields, intent.path("apiVersion").asText());
        }
        return result;
    }

    /** The part of the intent that this apply may set: no identity, no metadata of the server, no other subresource. */
    private ObjectNode owned(ObjectNode intent) {
        ObjectNode desired = JsonNodeFactory.instance.objectNode();
        if (subresource.equals("status")) {
            if (intent.has("status")) {
                desired.set("status", intent.get("status").deepCopy());
            }
            return desired;
        }
        desired.setAll(intent.deepCopy());
        desired.remove(List.of("apiVersion", "kind", "status"));
        if (desired.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove(List.of(
                    "name",
                    "namespace",
                    "uid",
                    "resourceVersion",
                    "generation",
                    "creationTimestamp",
                    "deletionTimestamp",
                    "managedFields",
                    "selfLink"));
            if (metadata.isEmpty()) {
                desired.remove("metadata");
            }
        }
        return desired;
    }

    private void merge(ObjectNode target, ObjectNode intent, List<String> path) {
        for (Map.Entry<String, JsonNode> field : intent.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            List<String> below = new ArrayList<>(path);
            below.add(name);
            if (value instanceof ObjectNode object && target.get(name) instanceof ObjectNode inner) {
                merge(inner, object, below);
            } else if (value instanceof ArrayNode items
                    && target.get(name) instanceof ArrayNode present
                    && !keys.of(below).isEmpty()) {
                mergeItems(present, items, below);
            } else if (!value.isNull()) {
                target.set(name, value.deepCopy());
            }
        }
    }

    private void mergeItems(ArrayNode present, ArrayNode items, List<String> path) {
        List<String> fields = keys.of(path);
        for (JsonNode item : items) {
            boolean found = false;
            for (JsonNode candidate : present) {
                if (FieldSets.key(candidate, fields).equals(FieldSets.key(item, fields))) {
                    merge((ObjectNode) candidate, (ObjectNode) item, path);
                    found = true;
                }
            }
            if (!found) {
                present.add(item.deepCopy());
            }
        }
    }

    private void record(ObjectNode result, ObjectNode fields, String apiVersion) {
        ObjectNode metadata = result.withObjectProperty("metadata");
        ArrayNode managed = metadata.path("managedFields") instanceof ArrayNode present
                ? present
                : metadata.putArray("managedFields");
        for (int i = managed.size() - 1; i >= 0; i--) {
            if (mine(managed.get(i))) {
                managed.remove(i);
            }
        }
        ObjectNode entry = managed.addObject()
                .put("manager", manager)
                .put("operation", "Apply")
                .put("apiVersion", apiVersion)
                .put("time", now.truncatedTo(ChronoUnit.SECONDS).toString())
                .put("fieldsType", "FieldsV1");
        entry.set("fieldsV1", fields);
        if (!subresource.isEmpty()) {
            entry.put("subresource", subresource);
        }
    }

    private boolean mine(JsonNode entry) {
        return entry.path("manager").asText().equals(manager)
                && entry.path("operation").asText().equals("Apply")
                && entry.path("subresource").asText().equals(subresource);
    }
}
