package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** Objects in the form that kubectl prints: {@code meta.k8s.io/v1 Table}. */
final class Tables {
    private Tables() {}

    static boolean wanted(String accept) {
        return accept.contains("as=Table");
    }

    /** The table of one object or of a list's items. */
    static ObjectNode of(ApiResource resource, JsonNode objects, Instant now) {
        ObjectNode table =
                JsonNodeFactory.instance.objectNode().put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata")
                .put("resourceVersion", objects.at("/metadata/resourceVersion").asText());
        ArrayNode definitions = table.putArray("columnDefinitions");
        definitions
                .addObject()
                .put("name", "Name")
                .put("type", "string")
                .put("format", "name")
                .put("description", "")
                .put("priority", 0);
        for (PrinterColumn column : resource.columns()) {
            definitions
                    .addObject()
                    .put("name", column.name())
                    .put("type", "string")
                    .put("format", "")
                    .put("description", "")
                    .put("priority", column.wide() ? 1 : 0);
        }
        ArrayNode rows = table.putArray("rows");
        if (objects.path("items") instanceof ArrayNode items) {
            items.forEach(item -> row(resource, item, now, rows.addObject()));
        } else {
            row(resource, objects, now, rows.addObject());
        }
        return table;
    }

    private static void row(ApiResource resource, JsonNode object, Instant now, ObjectNode row) {
        ArrayNode cells = row.putArray("cells").add(object.at("/metadata/name").asText());
        resource.columns().forEach(column -> cells.add(column.cell(object, now)));
        row.putObject("object")
                .put("kind", "PartialObjectMetadata")
                .put("apiVersion", "meta.k8s.io/v1")
                .set("metadata", object.path("metadata"));
    }
}
