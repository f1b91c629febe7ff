package ml.helix.wolf.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Wolf's endpoints over one run's state. A path that is none of them gets a 404 without a body, a chunked request a 500
 * whatever its path.
 *
 * <p>Thread-safe.
 */
final class WolfApi implements AutoCloseable {

    private interface Endpoint {
        void answer(WolfRequest request, WolfConnection connection) throws IOException;
    }

    private final Map<String, Endpoint> endpoints = new TreeMap<>();
    private final WolfEvents events;
    private final WolfSessions sessions;

    WolfApi(Duration keepAlive, boolean helixFork, Duration stopTakes, Supplier<String> health) {
        events = new WolfEvents(keepAlive);
        sessions = new WolfSessions(events, stopTakes);
        WolfApps apps = new WolfApps();
        WolfPairing pairing = new WolfPairing();
        WolfLobbies lobbies = new WolfLobbies();

        get("/api/v1/apps", apps::list);
        post("/api/v1/apps/add", apps::add);
        post("/api/v1/apps/delete", apps::delete);
        get("/api/v1/clients", pairing::clients);
        get("/api/v1/pair/pending", pairing::pending);
        post("/api/v1/pair/client", pairing::pair);
        get("/api/v1/sessions", sessions::list);
        post("/api/v1/sessions/add", sessions::add);
        post("/api/v1/sessions/pause", sessions::pause);
        post("/api/v1/sessions/stop", sessions::stop);
        post("/api/v1/runners/start", sessions::startRunner);
        endpoints.put("GET /api/v1/events", (request, connection) -> events.subscribe(connection));
        endpoints.put("GET /api/v1/openapi-schema", (request, connection) -> connection.json(200, schema()));
        if (helixFork) {
            WolfSystem system = new WolfSystem(sessions, lobbies, health);
            get("/api/v1/lobbies", lobbies::list);
            post("/api/v1/lobbies/create", lobbies::create);
            post("/api/v1/lobbies/join", lobbies::join);
            post("/api/v1/lobbies/stop", lobbies::stop);
            get("/api/v1/system/health", system::health);
            get("/api/v1/system/memory", system::memory);
        }
        endpoints.put("GET /testkit/screenshot", TestEndpoints::screenshot);
        endpoints.put("GET /testkit/pieces", TestEndpoints::pieces);
        endpoints.put("GET /testkit/echo", TestEndpoints::echo);
        endpoints.put("GET /testkit/request", TestEndpoints::reflect);
        endpoints.put("POST /testkit/request", TestEndpoints::reflect);
        endpoints.put("POST /testkit/digest", TestEndpoints::digest);
    }

    WolfEvents events() {
        return events;
    }

    void answer(WolfRequest request, WolfConnection connection) throws IOException {
        if (request.chunked()) {
            connection.bytes(
                    500, "", "Chunked encoding not supported, use HTTP/1.0 instead".getBytes(StandardCharsets.UTF_8));
            return;
        }
        Endpoint endpoint = endpoints.get(request.method() + " " + request.path());
        if (endpoint == null) {
            connection.bytes(404, "", new byte[0]);
        } else {
            endpoint.answer(request, connection);
        }
    }

    @Override
    public void close() {
        events.close();
        sessions.close();
    }

    private interface Query {
        JsonNode read();
    }

    private interface Command {
        JsonNode run(JsonNode body) throws WolfRefusal;
    }

    private void get(String path, Query query) {
        endpoints.put("GET " + path, (request, connection) -> connection.json(200, query.read()));
    }

    private void post(String path, Command command) {
        endpoints.put("POST " + path, (request, connection) -> {
            byte[] body = request.body();
            try {
                connection.json(200, command.run(WolfConnection.JSON.readTree(body)));
            } catch (JsonProcessingException e) {
                connection.error(500, "Failed to parse JSON: " + e.getOriginalMessage());
            } catch (WolfRefusal refusal) {
                connection.error(500, refusal.getMessage());
            }
        });
    }

    private JsonNode schema() {
        ObjectNode schema = WolfConnection.JSON.createObjectNode().put("openapi", "3.1.0");
        schema.putObject("info").put("title", "Wolf API").put("version", "v1");
        ObjectNode paths = schema.putObject("paths");
        List<String> documented = new ArrayList<>(endpoints.keySet());
        documented.removeIf(name -> name.contains("/testkit/"));
        for (String name : documented) {
            String[] parts = name.split(" ", 2);
            paths.withObjectProperty(parts[1]).putObject(parts[0].toLowerCase(Locale.ROOT));
        }
        return schema;
    }
}
