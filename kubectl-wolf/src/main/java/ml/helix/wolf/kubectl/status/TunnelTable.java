package ml.helix.wolf.kubectl.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.kubectl.output.Table;
import ml.helix.wolf.program.Printable;

/** The tunnels of several WolfTunnels, each with what the control plane says of its id. */
public final class TunnelTable {
    private final List<Row> rows;
    private final boolean withInstances;

    /** @param instance a missing node if the control plane doesn't know the id, or wasn't asked */
    private record Row(String namespace, String wolfTunnel, Tunnel tunnel, JsonNode instance) {}

    private TunnelTable(List<Row> rows, boolean withInstances) {
        this.rows = List.copyOf(rows);
        this.withInstances = withInstances;
    }

    public static TunnelTable of(List<WolfTunnel> wolfTunnels) {
        return new TunnelTable(rows(wolfTunnels, Map.of()), false);
    }

    /** @param instances of the control plane; those that no WolfTunnel has come last */
    public static TunnelTable of(List<WolfTunnel> wolfTunnels, List<JsonNode> instances) {
        Map<String, JsonNode> left = new LinkedHashMap<>();
        instances.forEach(instance -> left.put(instance.path("id").asText(), instance));
        var rows = new ArrayList<>(rows(wolfTunnels, Map.copyOf(left)));
        rows.forEach(row -> left.remove(row.tunnel().runnerId()));
        left.forEach((id, instance) -> rows.add(new Row(
                "",
                "",
                new Tunnel("", "", id, "", "", "", instance.path("since").asText(), 0, ""),
                instance)));
        return new TunnelTable(rows, true);
    }

    private static List<Row> rows(List<WolfTunnel> wolfTunnels, Map<String, JsonNode> instances) {
        return wolfTunnels.stream()
                .flatMap(one -> one.tunnels().stream()
                        .map(tunnel -> new Row(
                                one.namespace(),
                                one.name(),
                                tunnel,
                                instances.getOrDefault(tunnel.runnerId(), MissingNode.getInstance()))))
                .toList();
    }

    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** @param allNamespaces whether there is a column for it */
    public String text(boolean allNamespaces, Instant now) {
        var header = new ArrayList<String>(List.of("WOLFTUNNEL", "NODE", "ID", "STATE", "REASON", "AGE"));
        if (allNamespaces) {
            header.addFirst("NAMESPACE");
        }
        if (withInstances) {
            header.addAll(List.of("INSTANCE", "SESSIONS", "STREAMS", "ZONE"));
        }
        var table = new Table(header.toArray(String[]::new));
        rows.forEach(row -> {
            Tunnel tunnel = row.tunnel();
            var cells = new ArrayList<String>(List.of(
                    row.wolfTunnel(),
                    Printable.of(tunnel.place()),
                    Printable.of(tunnel.runnerId()),
                    Printable.of(tunnel.state()),
                    Printable.of(tunnel.reason()),
                    Age.of(tunnel.since(), now)));
            if (allNamespaces) {
                cells.addFirst(row.namespace());
            }
            if (withInstances) {
                cells.addAll(instanceCells(row.instance()));
            }
            table.add(cells.toArray(String[]::new));
        });
        return table.toString();
    }

    private static List<String> instanceCells(JsonNode instance) {
        if (instance.isMissingNode()) {
            return List.of("unknown", "", "", "");
        }
        String max = instance.path("maxSessions").asText();
        return List.of(
                Printable.of(instance.path("status").asText())
                        + (instance.path("draining").asBoolean() ? ", draining" : ""),
                instance.path("activeSessions").asText("0") + (max.isEmpty() ? "" : "/" + max),
                instance.path("streams").asText("0"),
                Printable.of(instance.path("zone").asText()));
    }

    /** {@code {"tunnels":[…]}}. */
    public ObjectNode json() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        var list = all.putArray("tunnels");
        rows.forEach(row -> {
            ObjectNode one = list.addObject();
            one.put("namespace", row.namespace());
            one.put("wolfTunnel", row.wolfTunnel());
            one.put("node", row.tunnel().node());
            one.put("id", row.tunnel().runnerId());
            one.put("state", row.tunnel().state());
            one.put("reason", row.tunnel().reason());
            one.put("since", row.tunnel().since());
            if (withInstances) {
                one.set("instance", row.instance().isMissingNode() ? one.nullNode() : row.instance());
            }
        });
        return all;
    }
}
