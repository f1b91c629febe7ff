package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** The apps a Moonlight client would see. Thread-safe. */
final class WolfApps {
    /** Guarded by this. */
    private final Map<String, ObjectNode> byId = new LinkedHashMap<>();

    WolfApps() {
        put(app("1", "Wolf UI", "ghcr.io/games-on-whales/wolf-ui:main"));
        put(app("134906179", "Firefox", "ghcr.io/games-on-whales/firefox:edge"));
    }

    synchronized JsonNode list() {
        ObjectNode answer = WolfConnection.JSON.createObjectNode().put("success", true);
        ArrayNode apps = answer.putArray("apps");
        byId.values().forEach(app -> apps.add(app.deepCopy()));
        return answer;
    }

    synchronized JsonNode add(JsonNode body) throws WolfRefusal {
        if (!(body instanceof ObjectNode app) || !app.path("id").isTextual()) {
            throw new WolfRefusal("Field named 'id' not found.");
        }
        put(app);
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }

    synchronized JsonNode delete(JsonNode body) throws WolfRefusal {
        if (!body.path("id").isTextual()) {
            throw new WolfRefusal("Field named 'id' not found.");
        }
        byId.remove(body.path("id").textValue());
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }

    private void put(ObjectNode app) {
        byId.put(app.path("id").textValue(), app);
    }

    private static ObjectNode app(String id, String title, String image) {
        ObjectNode app = WolfConnection.JSON
                .createObjectNode()
                .put("id", id)
                .put("title", title)
                .put("support_hdr", false)
                .put("icon_png_path", "")
                .put("render_node", "/dev/dri/renderD128")
                .put("start_virtual_compositor", true)
                .put("start_audio_server", true);
        app.putObject("runner")
                .put("type", "docker")
                .put("name", title.replace(" ", ""))
                .put("image", image);
        return app;
    }
}
