package ml.helix.wolf.kubectl.status;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A WolfTunnel as this program reads it. It reads JSON by hand: to prepare the classes of the CRD for that would take a third of the
 * time of {@code status}. Counts that nobody has written yet are -1, texts are empty.
 *
 * @param json the whole object
 */
public record WolfTunnel(
        String namespace,
        String name,
        long generation,
        long observedGeneration,
        List<String> urls,
        int desired,
        int updated,
        int connected,
        String summary,
        String wolf,
        List<Condition> conditions,
        List<Tunnel> tunnels,
        int omittedTunnels,
        JsonNode json) {

    public WolfTunnel {
        urls = List.copyOf(urls);
        conditions = List.copyOf(conditions);
        tunnels = List.copyOf(tunnels);
    }

    public static WolfTunnel of(JsonNode json) {
        JsonNode metadata = json.path("metadata");
        JsonNode spec = json.path("spec");
        JsonNode status = json.path("status");
        var urls = new ArrayList<String>();
        JsonNode controlPlane = spec.path("controlPlane");
        if (controlPlane.has("url")) {
            urls.add(controlPlane.path("url").asText());
        }
        controlPlane.path("urls").forEach(url -> urls.add(url.asText()));
        String runnerPrefix = spec.path("wolfId").path("runnerPrefix").asText("wolf-");
        var conditions = new ArrayList<Condition>();
        status.path("conditions").forEach(condition -> conditions.add(Condition.of(condition)));
        var tunnels = new ArrayList<Tunnel>();
        status.path("tunnels").forEach(tunnel -> tunnels.add(Tunnel.of(tunnel, runnerPrefix)));
        return new WolfTunnel(
                metadata.path("namespace").asText(),
                metadata.path("name").asText(),
                metadata.path("generation").asLong(),
                status.path("observedGeneration").asLong(-1),
                urls,
                status.path("desired").asInt(-1),
                status.path("updated").asInt(-1),
                status.path("connected").asInt(-1),
                status.path("summary").asText(),
                status.path("wolf").asText(),
                conditions,
                tunnels,
                status.path("omittedTunnels").asInt(0),
                json);
    }

    /** The list of a list of the API server. */
    public static List<WolfTunnel> listOf(JsonNode list) {
        var items = new ArrayList<WolfTunnel>();
        list.path("items").forEach(item -> items.add(of(item)));
        return items;
    }

    /** The condition of this type; {@link Condition#NONE} if it isn't there. */
    public Condition condition(String type) {
        return conditions.stream()
                .filter(condition -> condition.type().equals(type))
                .findFirst()
                .orElse(Condition.NONE);
    }

    public Condition ready() {
        return condition("Ready");
    }

    /** Whether the status is about the newest spec. */
    public boolean isCurrent() {
        return observedGeneration >= generation;
    }

    public boolean isPaused() {
        return json.path("spec").path("paused").asBoolean();
    }

    public boolean isReady() {
        return isCurrent() && ready().isTrue();
    }

    /** Whether every node that should run an agent has its tunnel up, with the newest template or with an older one. */
    public boolean isConnected() {
        return isCurrent() && desired >= 0 && connected >= desired;
    }

    /** The name of the agents' DaemonSet and ServiceAccount. */
    public String agents() {
        return name + "-tunnel-agent";
    }
}
