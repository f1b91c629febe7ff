package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** Writes objects as a {@code meta.k8s.io/v1 Table}, which kubectl prints. */
final class Tables {
    private Tables() {}

    /** The table of one object or of a list's items. */
    static ObjectNode of(ServedKind kind, JsonNode objects, Instant now) {
        ObjectNode table =
                JsonNodeFactory.instance.objectNode().put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata")
                .put("resourceVersion", objects.at("/metadata/resourceVersion").asText());
        ArrayNode definitions = table.putArray("columnDefinitions");
        definitions.addObject().put("name", "Name").put("type", "string").put("format", "name");
        for (PrinterColumn column : kind.columns()) {
            definitions
                    .addObject()
                    .put("name", column.name())
                    .put("type", "string")
                    .put("priority", column.wide() ? 1 : 0);
        }
        ArrayNode rows = table.putArray("rows");
        if (objects.path("items") instanceof ArrayNode items) {
            items.forEach(item -> row(kind, item, now, rows.addObject()));
        } else {
            row(kind, objects, now, rows.addObject());
        }
        return table;
    }

    private static void row(ServedKind kind, JsonNode object, Instant now, ObjectNode row) {
        ArrayNode cells = row.putArray("cells").add(object.at("/metadata/name").asText());
        kind.columns().forEach(column -> cells.add(column.cell(object, now)));
        row.putObject("object")
                .put("kind", "PartialObjectMetadata")
                .put("apiVersion", "meta.k8s.io/v1")
                .set("metadata", object.path("metadata"));
    }
}
