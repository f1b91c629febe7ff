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
 * Server-side apply as a function: what an object becomes when one manager applies its intent. Fields that the manager
 * applied before and leaves out now are removed, unless another manager owns them. Conflicts are not detected: every
 * apply is taken as a forced one.
 *
 * @param manager the field manager
 * @param subresource {@code status}, or "" for the object itself
 */
record ServerSideApply(String manager, String subresource, ListKeys keys, Instant now) {

    /** The object after the apply; equal to {@code current} when the apply changes nothing. */
    ObjectNode applied(ObjectNode current, ObjectNode intent) {
        ObjectNode wanted = owned(intent);
        ObjectNode fields = FieldSets.of(wanted, keys);
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
        merge(result, wanted, List.of());
        if (!before.equals(fields)) {
            record(result, fields, intent.path("apiVersion").asText());
        }
        return result;
    }

    /** What of the intent this apply may set: never identity, the server's metadata, or another subresource. */
    private ObjectNode owned(ObjectNode intent) {
        ObjectNode wanted = JsonNodeFactory.instance.objectNode();
        if (subresource.equals("status")) {
            if (intent.has("status")) {
                wanted.set("status", intent.get("status").deepCopy());
            }
            return wanted;
        }
        wanted.setAll(intent.deepCopy());
        wanted.remove(List.of("apiVersion", "kind", "status"));
        if (wanted.path("metadata") instanceof ObjectNode metadata) {
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
                wanted.remove("metadata");
            }
        }
        return wanted;
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
