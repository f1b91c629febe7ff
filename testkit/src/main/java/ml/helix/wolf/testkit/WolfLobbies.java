package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Lobbies, which only Helix's fork has. Thread-safe. */
final class WolfLobbies {
    /** Guarded by this. */
    private final Map<String, ObjectNode> byId = new LinkedHashMap<>();

    synchronized JsonNode list() {
        ObjectNode answer = WolfConnection.JSON.createObjectNode().put("success", true);
        ArrayNode lobbies = answer.putArray("lobbies");
        byId.values().forEach(lobby -> lobbies.add(lobby.deepCopy()));
        return answer;
    }

    synchronized JsonNode create(JsonNode body) throws WolfRefusal {
        if (!body.path("name").isTextual()) {
            throw new WolfRefusal("Field named 'name' not found.");
        }
        String id = new UUID(0x57_6f_6c_66L, byId.size() + 1L).toString();
        ObjectNode lobby = WolfConnection.JSON
                .createObjectNode()
                .put("id", id)
                .put("name", body.path("name").textValue())
                .put("multi_user", body.path("multi_user").asBoolean(true))
                .put(
                        "stop_when_everyone_leaves",
                        body.path("stop_when_everyone_leaves").asBoolean(true));
        lobby.putArray("connected_sessions");
        byId.put(id, lobby);
        return WolfConnection.JSON.createObjectNode().put("success", true).put("lobby_id", id);
    }

    synchronized JsonNode stop(JsonNode body) throws WolfRefusal {
        if (byId.remove(body.path("lobby_id").asText()) == null) {
            throw new WolfRefusal("Invalid lobby_id");
        }
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }
}
