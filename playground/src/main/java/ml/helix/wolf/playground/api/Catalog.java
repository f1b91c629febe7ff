package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/** The kinds that are served, and the discovery documents that say so. Thread-safe. */
final class Catalog {
    private final List<ApiResource> resources = new CopyOnWriteArrayList<>(List.of(
            ApiResource.builtIn("", "namespaces", "Namespace", false, "ns"),
            ApiResource.builtIn("", "nodes", "Node", false, "no"),
            ApiResource.builtIn("", "pods", "Pod", true, "po"),
            ApiResource.builtIn("", "secrets", "Secret", true),
            ApiResource.builtIn("", "configmaps", "ConfigMap", true, "cm"),
            ApiResource.builtIn("", "serviceaccounts", "ServiceAccount", true, "sa"),
            ApiResource.builtIn("", "events", "Event", true, "ev"),
            ApiResource.builtIn("apps", "daemonsets", "DaemonSet", true, "ds"),
            ApiResource.builtIn("coordination.k8s.io", "leases", "Lease", true),
            ApiResource.builtIn("events.k8s.io", "events", "Event", true, "ev"),
            ApiResource.builtIn(
                    "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", false, "crd")));

    /** Serves, or serves anew, what a CustomResourceDefinition defines. */
    void define(JsonNode definition) {
        forget(definition);
        resources.addAll(ApiResource.definedBy(definition));
    }

    void forget(JsonNode definition) {
        String group = definition.at("/spec/group").asText();
        String plural = definition.at("/spec/names/plural").asText();
        resources.removeIf(
                resource -> resource.group().equals(group) && resource.plural().equals(plural));
    }

    Optional<ApiResource> find(ApiPath path) {
        return resources.stream()
                .filter(resource -> resource.group().equals(path.group())
                        && resource.version().equals(path.version())
                        && resource.plural().equals(path.plural()))
                .findFirst();
    }

    /** The kind of an object; empty where it is not served. */
    Optional<ApiResource> kindOf(JsonNode object) {
        return resources.stream()
                .filter(resource -> resource.kind().equals(object.path("kind").asText())
                        && resource.apiVersion()
                                .equals(object.path("apiVersion").asText()))
                .findFirst();
    }

    /** The document at a discovery path such as {@code /apis} or {@code /api/v1}; empty for any other path. */
    Optional<JsonNode> discovery(String path) {
        return switch (path) {
            case "/version" ->
                Optional.of(JsonNodeFactory.instance
                        .objectNode()
                        .put("major", "1")
                        .put("minor", "34")
                        .put("gitVersion", "v1.34.0+playground"));
            case "/api" -> {
                ObjectNode versions = node("APIVersions");
                versions.putArray("versions").add("v1");
                yield Optional.of(versions);
            }
            case "/apis" -> Optional.of(groups());
            default -> resourcesOf(path);
        };
    }

    private ObjectNode groups() {
        ObjectNode list = node("APIGroupList");
        ArrayNode groups = list.putArray("groups");
        TreeSet<String> names = new TreeSet<>();
        resources.forEach(resource -> names.add(resource.group()));
        names.remove("");
        for (String name : names) {
            ObjectNode group = groups.addObject().put("name", name);
            ArrayNode versions = group.putArray("versions");
            resources.stream()
                    .filter(resource -> resource.group().equals(name))
                    .map(ApiResource::version)
                    .distinct()
                    .forEach(version -> versions.addObject()
                            .put("groupVersion", name + "/" + version)
                            .put("version", version));
            group.set("preferredVersion", versions.get(0).deepCopy());
        }
        return list;
    }

    private Optional<JsonNode> resourcesOf(String path) {
        List<ApiResource> served = resources.stream()
                .filter(resource ->
                        path.equals((resource.group().isEmpty() ? "/api/" : "/apis/" + resource.group() + "/")
                                + resource.version()))
                .toList();
        if (served.isEmpty()) {
            return Optional.empty();
        }
        ObjectNode list =
                node("APIResourceList").put("groupVersion", served.getFirst().apiVersion());
        ArrayNode entries = list.putArray("resources");
        for (ApiResource resource : served) {
            entries.add(resource.discovery(""));
            if (resource.status()) {
                entries.add(resource.discovery("/status"));
            }
        }
        return Optional.of(list);
    }

    private static ObjectNode node(String kind) {
        return JsonNodeFactory.instance.objectNode().put("kind", kind).put("apiVersion", "v1");
    }
}
