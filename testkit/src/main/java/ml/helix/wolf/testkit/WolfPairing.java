package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Moonlight clients: one that is paired and one that waits for its PIN. Thread-safe. */
final class WolfPairing {
    /** Guarded by this. */
    private final List<String> clients = new ArrayList<>(List.of("10594003729173467913"));
    /** Guarded by this. */
    private boolean waiting = true;

    synchronized JsonNode clients() {
        ObjectNode answer = WolfConnection.JSON.createObjectNode().put("success", true);
        ArrayNode list = answer.putArray("clients");
        for (String id : clients) {
            ObjectNode client = list.addObject().put("client_id", id).put("app_state_folder", id);
            client.putObject("settings")
                    .put("run_uid", 1000)
                    .put("run_gid", 1000)
                    .put("mouse_acceleration", 1.0);
        }
        return answer;
    }

    synchronized JsonNode pending() {
        ObjectNode answer = WolfConnection.JSON.createObjectNode().put("success", true);
        ArrayNode requests = answer.putArray("requests");
        if (waiting) {
            requests.addObject().put("pair_secret", "2B1A9C5E77D0").put("client_ip", "192.168.1.27");
        }
        return answer;
    }

    synchronized JsonNode pair(JsonNode body) throws WolfRefusal {
        if (!body.path("pin").isTextual()) {
            throw new WolfRefusal("Field named 'pin' not found.");
        }
        if (!waiting || !body.path("pair_secret").asText().equals("2B1A9C5E77D0")) {
            throw new WolfRefusal("Invalid pair secret");
        }
        waiting = false;
        clients.add("5217469303127645582");
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }
}
