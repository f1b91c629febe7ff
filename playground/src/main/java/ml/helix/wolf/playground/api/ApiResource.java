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
 * @param columns how it is printed, after the name
 */
record ApiResource(
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

    static ApiResource builtIn(String group, String plural, String kind, boolean namespaced, String... shortNames) {
        boolean status =
                switch (kind) {
                    case "Namespace", "Node", "Pod", "DaemonSet", "CustomResourceDefinition" -> true;
                    default -> false;
                };
        return new ApiResource(
                group,
                "v1",
                plural,
                kind,
                List.of(shortNames),
                namespaced,
                status,
                StructuralSchema.NONE,
                ListKeys.builtIn(),
                columns(kind));
    }

    private static List<PrinterColumn> columns(String kind) {
        List<PrinterColumn> columns = new ArrayList<>();
        switch (kind) {
            case "Pod" -> {
                columns.add(
                        new PrinterColumn("READY", "string", ".status.conditions[?(@.type==\"Ready\")].status", false));
                columns.add(new PrinterColumn("STATUS", "string", ".status.phase", false));
                columns.add(
                        new PrinterColumn("RESTARTS", "string", ".status.containerStatuses[*].restartCount", false));
                columns.add(new PrinterColumn("NODE", "string", ".spec.nodeName", false));
            }
            case "DaemonSet" -> {
                columns.add(new PrinterColumn("DESIRED", "string", ".status.desiredNumberScheduled", false));
                columns.add(new PrinterColumn("READY", "string", ".status.numberReady", false));
                columns.add(new PrinterColumn("UP-TO-DATE", "string", ".status.updatedNumberScheduled", false));
            }
            case "Node" ->
                columns.add(
                        new PrinterColumn("READY", "string", ".status.conditions[?(@.type==\"Ready\")].status", false));
            default -> {}
        }
        columns.add(new PrinterColumn("AGE", "date", ".metadata.creationTimestamp", false));
        return columns;
    }

    /** The kind that a CustomResourceDefinition defines, one per served version. */
    static List<ApiResource> definedBy(JsonNode definition) {
        JsonNode spec = definition.path("spec");
        JsonNode names = spec.path("names");
        List<String> shortNames = new ArrayList<>();
        names.path("shortNames").forEach(name -> shortNames.add(name.asText()));
        List<ApiResource> resources = new ArrayList<>();
        for (JsonNode version : spec.path("versions")) {
            StructuralSchema schema =
                    new StructuralSchema(version.path("schema").path("openAPIV3Schema"));
            resources.add(new ApiResource(
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
        return resources;
    }

    String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** Its line in an APIResourceList. */
    ObjectNode discovery(String subresource) {
        ObjectNode entry = JsonNodeFactory.instance
                .objectNode()
                .put("name", plural + subresource)
                .put("singularName", subresource.isEmpty() ? kind.toLowerCase(Locale.ROOT) : "")
                .put("namespaced", namespaced)
                .put("kind", kind);
        List<String> verbs = subresource.isEmpty()
                ? List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
                : List.of("get", "patch", "update");
        verbs.forEach(entry.putArray("verbs")::add);
        if (subresource.isEmpty() && !shortNames.isEmpty()) {
            shortNames.forEach(entry.putArray("shortNames")::add);
        }
        return entry;
    }
}
