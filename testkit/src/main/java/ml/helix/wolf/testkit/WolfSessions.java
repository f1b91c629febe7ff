package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The stream sessions of one run. Thread-safe; a slow stop holds no lock and is ended by {@link #close()}. */
final class WolfSessions implements AutoCloseable {
    private final WolfEvents events;
    private final Duration stopTakes;
    private final CountDownLatch closed = new CountDownLatch(1);

    /** Guarded by this. */
    private final Map<String, ObjectNode> byId = new LinkedHashMap<>();
    /** Guarded by this. */
    private long created;

    WolfSessions(WolfEvents events, Duration stopTakes) {
        this.events = events;
        this.stopTakes = stopTakes;
    }

    synchronized JsonNode list() {
        ObjectNode answer = WolfConnection.JSON.createObjectNode().put("success", true);
        ArrayNode sessions = answer.putArray("sessions");
        byId.values().forEach(session -> sessions.add(session.deepCopy()));
        return answer;
    }

    synchronized int count() {
        return byId.size();
    }

    JsonNode add(JsonNode body) throws WolfRefusal {
        if (!body.isObject()) {
            throw new WolfRefusal("A session must be an object");
        }
        ObjectNode session = WolfConnection.JSON
                .createObjectNode()
                .put("app_id", "1")
                .put("client_id", "10594003729173467913")
                .put("client_ip", "127.0.0.1")
                .put("aes_key", "9d804e47a6aa6624b7d4b502b32cc522")
                .put("aes_iv", "01234567890")
                .put("rtsp_fake_ip", "0.0.0.0")
                .put("video_width", 1920)
                .put("video_height", 1080)
                .put("video_refresh_rate", 60)
                .put("audio_channel_count", 2);
        session.setAll((ObjectNode) body);
        String id;
        synchronized (this) {
            id = Long.toUnsignedString(4_135_729_842_959_053_255L + created++);
            session.put("session_id", id).put("paused", false);
            byId.put(id, session);
        }
        events.emit("wolf::core::events::StreamSession", session);
        return WolfConnection.JSON.createObjectNode().put("success", true).put("session_id", id);
    }

    JsonNode pause(JsonNode body) throws WolfRefusal {
        String id = id(body);
        synchronized (this) {
            existing(id).put("paused", true);
        }
        return emitted("PauseStreamEvent", id);
    }

    JsonNode stop(JsonNode body) throws WolfRefusal {
        String id = id(body);
        synchronized (this) {
            existing(id);
        }
        try {
            if (!stopTakes.isZero() && closed.await(stopTakes.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new WolfRefusal("Wolf is stopping");
            }
        } catch (InterruptedException e) {
            throw new WolfRefusal("Wolf is stopping");
        }
        synchronized (this) {
            byId.remove(id);
        }
        return emitted("StopStreamEvent", id);
    }

    JsonNode startRunner(JsonNode body) throws WolfRefusal {
        String id = id(body);
        synchronized (this) {
            existing(id).set("runner", body.path("runner"));
        }
        return emitted("StartRunner", id);
    }

    @Override
    public void close() {
        closed.countDown();
    }

    private JsonNode emitted(String event, String id) {
        events.emit(
                "wolf::core::events::" + event,
                WolfConnection.JSON.createObjectNode().put("session_id", id));
        return WolfConnection.JSON.createObjectNode().put("success", true);
    }

    private ObjectNode existing(String id) throws WolfRefusal {
        ObjectNode session = byId.get(id);
        if (session == null) {
            throw new WolfRefusal("Invalid session_id");
        }
        return session;
    }

    private static String id(JsonNode body) throws WolfRefusal {
        JsonNode id = body.path("session_id");
        if (!id.isTextual()) {
            throw new WolfRefusal("Field named 'session_id' not found.");
        }
        return id.textValue();
    }
}
