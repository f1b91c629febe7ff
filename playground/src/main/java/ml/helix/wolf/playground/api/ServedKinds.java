package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The kinds that are served, and the discovery documents that list them. Not thread-safe. */
final class ServedKinds {
    private final List<ServedKind> kinds = new ArrayList<>(List.of(
            ServedKind.builtIn("", "namespaces", "Namespace", false, "ns"),
            ServedKind.builtIn("", "nodes", "Node", false, "no"),
            ServedKind.builtIn("", "pods", "Pod", true, "po"),
            ServedKind.builtIn("", "secrets", "Secret", true, ""),
            ServedKind.builtIn("", "configmaps", "ConfigMap", true, "cm"),
            ServedKind.builtIn("", "serviceaccounts", "ServiceAccount", true, "sa"),
            ServedKind.builtIn("", "events", "Event", true, "ev"),
            ServedKind.builtIn("apps", "daemonsets", "DaemonSet", true, "ds"),
            ServedKind.builtIn("coordination.k8s.io", "leases", "Lease", true, ""),
            ServedKind.builtIn("events.k8s.io", "events", "Event", true, "ev"),
            ServedKind.builtIn(
                    "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", false, "crd")));

    /** Serves the kinds that a CustomResourceDefinition defines, in place of its earlier ones. */
    void define(JsonNode definition) {
        forget(definition.at("/metadata/name").asText());
        kinds.addAll(ServedKind.definedBy(definition));
    }

    /** Ends serving the kinds of the CustomResourceDefinition with this name. */
    void forget(String definition) {
        kinds.removeIf(kind -> definition.equals(kind.plural() + "." + kind.group()));
    }

    Optional<ServedKind> find(String group, String version, String plural) {
        return kinds.stream()
                .filter(kind -> kind.group().equals(group)
                        && kind.version().equals(version)
                        && kind.plural().equals(plural))
                .findFirst();
    }

    /** The document at a discovery path such as {@code /apis} or {@code /api/v1}; empty for any other path. */
    Optional<JsonNode> discovery(String path) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        switch (path) {
            case "/version" -> document.put("major", "1").put("minor", "34").put("gitVersion", "v1.34.0+playground");
            case "/api" ->
                document.put("kind", "APIVersions").putArray("versions").add("v1");
            case "/apis" -> groups(document.put("kind", "APIGroupList").putArray("groups"));
            default -> {
                List<ServedKind> served = kinds.stream()
                        .filter(kind -> kind.discoveryPath().equals(path))
                        .toList();
                if (served.isEmpty()) {
                    return Optional.empty();
                }
                document.put("kind", "APIResourceList")
                        .put("groupVersion", served.getFirst().apiVersion());
                ArrayNode resources = document.putArray("resources");
                served.forEach(kind -> resources.add(kind.discovery()));
            }
        }
        return Optional.of(document);
    }

    private void groups(ArrayNode groups) {
        Map<String, ServedKind> byApiVersion = new TreeMap<>();
        kinds.stream()
                .filter(kind -> !kind.group().isEmpty())
                .forEach(kind -> byApiVersion.put(kind.apiVersion(), kind));
        byApiVersion.forEach((apiVersion, kind) -> {
            ObjectNode version = JsonNodeFactory.instance
                    .objectNode()
                    .put("groupVersion", apiVersion)
                    .put("version", kind.version());
            ObjectNode group = groups.addObject().put("name", kind.group());
            group.putArray("versions").add(version);
            group.set("preferredVersion", version.deepCopy());
        });
    }
}
