package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One kind that the API server serves.
 *
 * @param group "" for the core group
 * @param status whether it has a status subresource
 * @param columns what {@code kubectl get} prints after the name
 */
record ServedKind(
        String group,
        String version,
        String plural,
        String kind,
        List<String> shortNames,
        boolean namespaced,
        boolean status,
        StructuralSchema schema,
        ListKeys listKeys,
        List<PrinterColumn> columns) {

    /** A kind of Kubernetes' own, without a schema: every object of it is accepted. */
    static ServedKind builtIn(String group, String plural, String kind, boolean namespaced, String shortName) {
        return new ServedKind(
                group,
                "v1",
                plural,
                kind,
                shortName.isEmpty() ? List.of() : List.of(shortName),
                namespaced,
                List.of("Node", "Pod", "DaemonSet").contains(kind),
                StructuralSchema.NONE,
                ListKeys.builtIn(),
                columns(kind));
    }

    private static List<PrinterColumn> columns(String kind) {
        PrinterColumn ready = column("READY", ".status.conditions[?(@.type==\"Ready\")].status");
        List<PrinterColumn> columns = new ArrayList<>();
        switch (kind) {
            case "Pod" -> {
                columns.add(ready);
                columns.add(column("STATUS", ".status.phase"));
                columns.add(column("RESTARTS", ".status.containerStatuses[*].restartCount"));
                columns.add(column("NODE", ".spec.nodeName"));
            }
            case "DaemonSet" -> {
                columns.add(column("DESIRED", ".status.desiredNumberScheduled"));
                columns.add(column("READY", ".status.numberReady"));
                columns.add(column("UP-TO-DATE", ".status.updatedNumberScheduled"));
            }
            case "Node" -> columns.add(ready);
            default -> {}
        }
        columns.add(new PrinterColumn("AGE", "date", ".metadata.creationTimestamp", false));
        return columns;
    }

    private static PrinterColumn column(String name, String jsonPath) {
        return new PrinterColumn(name, "string", jsonPath, false);
    }

    /** The kinds that a CustomResourceDefinition defines: one for each version. */
    static List<ServedKind> definedBy(JsonNode definition) {
        JsonNode spec = definition.path("spec");
        JsonNode names = spec.path("names");
        List<String> shortNames = new ArrayList<>();
        names.path("shortNames").forEach(name -> shortNames.add(name.asText()));
        List<ServedKind> kinds = new ArrayList<>();
        for (JsonNode version : spec.path("versions")) {
            var schema = new StructuralSchema(version.at("/schema/openAPIV3Schema"));
            kinds.add(new ServedKind(
                    spec.path("group").asText(),
                    version.path("name").asText(),
                    names.path("plural").asText(),
                    names.path("kind").asText(),
                    shortNames,
                    spec.path("scope").asText().equals("Namespaced"),
                    version.path("subresources").has("status"),
                    schema,
                    schema.listKeys(),
                    PrinterColumn.of(version)));
        }
        return kinds;
    }

    String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** Where the discovery document of its group and version is. */
    String discoveryPath() {
        return (group.isEmpty() ? "/api/" : "/apis/") + apiVersion();
    }

    /** Its entry in the discovery document. */
    ObjectNode discovery() {
        ObjectNode entry = JsonNodeFactory.instance
                .objectNode()
                .put("name", plural)
                .put("singularName", kind.toLowerCase(Locale.ROOT))
                .put("namespaced", namespaced)
                .put("kind", kind);
        List.of("create", "delete", "get", "list", "patch", "update", "watch").forEach(entry.putArray("verbs")::add);
        shortNames.forEach(entry.putArray("shortNames")::add);
        return entry;
    }
}
