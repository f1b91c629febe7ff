package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.zjsonpatch.JsonPatch;
import io.fabric8.zjsonpatch.JsonPatchException;
import java.util.Map;

/** The patches that aren't applies: merge patches (RFC 7386) and JSON patches (RFC 6902). Pure functions. */
final class Patches {
    private Patches() {}

    static ObjectNode merged(ObjectNode object, ObjectNode patch) {
        ObjectNode result = object.deepCopy();
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            String name = field.getKey();
            if (field.getValue().isNull()) {
                result.remove(name);
            } else if (field.getValue() instanceof ObjectNode inner) {
                ObjectNode base = result.get(name) instanceof ObjectNode present
                        ? present
                        : JsonNodeFactory.instance.objectNode();
                result.set(name, merged(base, inner));
            } else {
                result.set(name, field.getValue());
            }
        }
        return result;
    }

    static ObjectNode patched(ObjectNode object, String operations) throws Refusal {
        try {
            JsonNode result = JsonPatch.apply(Serialization.unmarshal(operations, JsonNode.class), object.deepCopy());
            if (result instanceof ObjectNode patched) {
                return patched;
            }
        } catch (JsonPatchException e) {
            throw new Refusal(422, "Invalid", "the patch can't be applied: " + e.getMessage());
        }
        throw Refusal.badRequest("the patch leaves no object");
    }
}
