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

    synchronized JsonNode join(JsonNode body) throws WolfRefusal {
        if (!body.path("moonlight_session_id").isTextual()) {
            throw new WolfRefusal("Field named 'moonlight_session_id' not found.");
        }
        existing(body)
                .withArray("connected_sessions")
                .add(body.path("moonlight_session_id").textValue());
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }

    /** As {@code /api/v1/system/memory} lists them. */
    synchronized ArrayNode memory() {
        ArrayNode list = WolfConnection.JSON.createArrayNode();
        byId.values().forEach(lobby -> list.addObject()
                .put("lobby_id", lobby.path("id").textValue())
                .put("lobby_name", lobby.path("name").textValue())
                .put("client_count", lobby.path("connected_sessions").size())
                .put("memory_bytes", 460_000_000L));
        return list;
    }

    private ObjectNode existing(JsonNode body) throws WolfRefusal {
        ObjectNode lobby = byId.get(body.path("lobby_id").asText());
        if (lobby == null) {
            throw new WolfRefusal("Invalid lobby_id");
        }
        return lobby;
    }

    synchronized JsonNode stop(JsonNode body) throws WolfRefusal {
        byId.remove(existing(body).path("id").textValue());
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }
}
