package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** What happens to an object before it is stored: identity, defaults, validation. Stateless. */
final class Admission {
    private Admission() {}

    /**
     * Checks the object and fills it in, in place.
     *
     * @throws Refusal 400 for an object of another kind, name or namespace; 422 for one that does not fit its schema
     */
    static void admit(ApiPath path, ApiResource resource, ObjectNode object) throws Refusal {
        identify(path, resource, object);
        if (object.path("stringData") instanceof ObjectNode texts) {
            encode(texts, object.withObjectProperty("data"));
            object.remove("stringData");
        }
        resource.schema().prune(object);
        resource.schema().fillIn(object);
        List<String> problems = resource.schema().problems(object);
        if (!problems.isEmpty()) {
            throw new Refusal(
                    422,
                    "Invalid",
                    resource.kind() + "." + resource.group() + " \""
                            + object.at("/metadata/name").asText() + "\" is invalid: " + String.join(", ", problems));
        }
    }

    private static void identify(ApiPath path, ApiResource resource, ObjectNode object) throws Refusal {
        if (!object.path("kind").asText().equals(resource.kind())
                || !object.path("apiVersion").asText().equals(resource.apiVersion())) {
            throw Refusal.badRequest(
                    "the body is a " + object.path("apiVersion").asText() + " "
                            + object.path("kind").asText() + ", the path is one of " + resource.apiVersion() + " "
                            + resource.kind());
        }
        ObjectNode metadata = object.withObjectProperty("metadata");
        if (resource.namespaced()) {
            if (path.namespace().isEmpty()) {
                throw Refusal.badRequest("a " + resource.kind() + " needs a namespace in the path");
            }
            same("namespace", path.namespace(), metadata);
        }
        if (!path.name().isEmpty()) {
            same("name", path.name(), metadata);
        }
    }

    private static void same(String field, String inPath, ObjectNode metadata) throws Refusal {
        String given = metadata.path(field).asText("");
        if (given.isEmpty()) {
            metadata.put(field, inPath);
        } else if (!given.equals(inPath)) {
            throw Refusal.badRequest("the " + field + " of the object (" + given + ") does not match the " + field
                    + " on the URL (" + inPath + ")");
        }
    }

    private static void encode(ObjectNode texts, ObjectNode data) {
        for (Map.Entry<String, JsonNode> text : texts.properties()) {
            byte[] bytes = text.getValue().asText().getBytes(StandardCharsets.UTF_8);
            data.put(text.getKey(), Base64.getEncoder().encodeToString(bytes));
        }
    }
}
