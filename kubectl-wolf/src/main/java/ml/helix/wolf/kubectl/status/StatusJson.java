package ml.helix.wolf.kubectl.status;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** WolfTunnels for a program. The keys are part of the plugin's interface: {@code docs/kubectl-wolf.md} lists them. */
public final class StatusJson {
    private final Advice advice;

    public StatusJson(Advice advice) {
        this.advice = advice;
    }

    /** {@code {"wolfTunnels":[…]}}. */
    public ObjectNode of(List<WolfTunnel> wolfTunnels) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        var list = all.putArray("wolfTunnels");
        wolfTunnels.forEach(wolfTunnel -> write(wolfTunnel, list.addObject()));
        return all;
    }

    private void write(WolfTunnel from, ObjectNode to) {
        Condition ready = from.ready();
        to.put("namespace", from.namespace());
        to.put("name", from.name());
        to.put("current", from.isCurrent());
        to.put("ready", from.isCurrent() ? ready.status() : "Unknown");
        to.put("reason", ready.reason());
        to.put("message", ready.message());
        to.put("advice", ready.isTrue() ? "" : advice.about(ready.reason(), from.name()));
        to.put("acts", ready.isTrue() ? "" : advice.of(ready.reason()).acts());
        count(to, "desired", from.desired());
        count(to, "updated", from.updated());
        count(to, "connected", from.connected());
        to.put("wolf", from.wolf());
        var urls = to.putArray("urls");
        from.urls().forEach(urls::add);
        var tunnels = to.putArray("tunnels");
        from.tunnels().forEach(tunnel -> write(tunnel, from.name(), tunnels.addObject()));
        to.put("omittedTunnels", from.omittedTunnels());
    }

    private static void count(ObjectNode to, String key, int count) {
        if (count >= 0) {
            to.put(key, count);
        } else {
            to.putNull(key);
        }
    }

    private void write(Tunnel from, String wolfTunnel, ObjectNode to) {
        to.put("node", from.node());
        to.put("pod", from.pod());
        to.put("id", from.runnerId());
        to.put("state", from.state());
        to.put("reason", from.reason());
        to.put("message", from.message());
        to.put("advice", advice.about(from.reason(), wolfTunnel));
        to.put("acts", advice.of(from.reason()).acts());
        to.put("since", from.since());
        to.put("connects", from.connects());
        to.put("agentVersion", from.agentVersion());
    }
}
