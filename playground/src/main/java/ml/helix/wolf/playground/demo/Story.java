package ml.helix.wolf.playground.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import ml.helix.wolf.playground.demo.Caller.Answer;

/** The main job, told and checked: each method is a part, and throws when something of it was not seen. */
final class Story {
    private static final int BODY = 88;
    /** An agent that was cut off for long waits up to a minute before it tries again. */
    private static final Duration AGAIN = Duration.ofSeconds(90);

    private final World world;
    private final Screen screen;
    private final TunnelTable table = TunnelTable.committed();

    Story(World world, Screen screen) {
        this.world = world;
        this.screen = screen;
    }

    /** Applies the example and watches until every tunnel is up. */
    void connects() throws NotSeen, IOException, InterruptedException {
        screen.part("1. A WolfTunnel is applied: the operator starts an agent on each GPU node, each agent dials out");
        world.example().apply(world.client());
        screen.line(Example.FILE + ", its URL, token and reconnectSeconds replaced by the demo's");
        JsonNode tunnel = watch(
                "the WolfTunnel Ready with " + world.nodes().size() + " tunnels",
                Duration.ofSeconds(90),
                found ->
                        ready(found).equals("True") && world.nodes().stream().allMatch(node -> connected(found, node)));
        perNode(tunnel);
        podsReady();
        screen.seen("one agent per node, a real process, with one outbound connection");
    }

    /** Sends a request through each tunnel. */
    void answers() throws NotSeen, InterruptedException {
        screen.part("2. Each Wolf is reached through its tunnel");
        for (NodeWolf node : world.nodes()) {
            Answer answer = ask(node);
            require(answered(answer, node), "the answer of the Wolf on " + node.name());
        }
        screen.seen("each answer names a session of its own node");
    }

    /** Cuts one node off and watches its tunnel go. */
    void breaks() throws NotSeen, InterruptedException {
        NodeWolf broken = world.nodes().getLast();
        NodeWolf whole = world.nodes().getFirst();
        screen.part("3. The network between " + broken.name() + " and the control plane is cut");
        world.uplink().cut(broken.runnerId());
        JsonNode tunnel = watch(
                "the WolfTunnel not Ready, " + broken.name() + " Disconnected with a reason",
                Duration.ofSeconds(60),
                found -> ready(found).equals("False")
                        && of(found, broken).path("state").asText().equals("Disconnected")
                        && !of(found, broken).path("reason").asText().isEmpty());
        perNode(tunnel);
        Answer answer = ask(broken);
        require(answer.status() >= 502 && answer.status() <= 504, "a named failure for " + broken.runnerId());
        require(answered(ask(whole), whole), "an answer from " + whole.runnerId());
        screen.seen("the status says which node and why; the other one still answers");
    }

    /** Mends it and watches it come back. */
    void recovers() throws NotSeen, InterruptedException {
        NodeWolf mended = world.nodes().getLast();
        screen.part("4. The network is back, and nobody does anything");
        world.uplink().mend(mended.runnerId());
        JsonNode tunnel = watch(
                "the WolfTunnel Ready again", AGAIN, found -> ready(found).equals("True") && connected(found, mended));
        perNode(tunnel);
        require(answered(ask(mended), mended), "an answer from " + mended.runnerId() + " again");
        screen.seen("the agent came back by itself, and its Wolf answers again");
    }

    /** Deletes the WolfTunnel and watches all that it owned go. */
    void leavesNothing() throws NotSeen, IOException, InterruptedException {
        screen.part("5. The WolfTunnel is deleted");
        world.example().delete(world.client());
        Await.until("nothing left of the WolfTunnel", Duration.ofSeconds(60), world.logs(), () -> {
            var client = world.client();
            boolean gone = client.pods()
                            .inNamespace(Example.NAMESPACE)
                            .list()
                            .getItems()
                            .isEmpty()
                    && client.apps()
                            .daemonSets()
                            .inNamespace(Example.NAMESPACE)
                            .list()
                            .getItems()
                            .isEmpty()
                    && Example.tunnel(client).isEmpty();
            return Optional.of(true).filter(yes -> gone);
        });
        screen.seen("its DaemonSet, its pods and their processes are gone");
    }

    /** A pod's readiness follows at its probe's pace; a change of it is what the operator notices first. */
    private void podsReady() throws NotSeen, InterruptedException {
        Await.until("every agent's pod ready", Duration.ofSeconds(60), world.logs(), () -> {
            List<DaemonSet> sets = world.client()
                    .apps()
                    .daemonSets()
                    .inNamespace(Example.NAMESPACE)
                    .list()
                    .getItems();
            return sets.stream()
                    .filter(set ->
                            set.getStatus().getNumberReady() == world.nodes().size())
                    .findFirst();
        });
    }

    private Answer ask(NodeWolf node) throws InterruptedException {
        screen.command("curl $control_plane" + Caller.path(node.runnerId()));
        Answer answer = world.caller().sessions(node.runnerId());
        screen.answer(answer.brief(BODY));
        return answer;
    }

    /** Prints a row whenever the tunnel's columns change, until it is as wanted. */
    private JsonNode watch(String what, Duration deadline, Predicate<JsonNode> wanted)
            throws NotSeen, InterruptedException {
        screen.command("kubectl -n " + Example.NAMESPACE + " get wolftunnels --watch");
        screen.answer(table.header());
        List<List<String>> printed = new ArrayList<>();
        try {
            return Await.until(what, deadline, List.of(), () -> printed(printed).filter(wanted));
        } catch (NotSeen e) {
            Example.tunnel(world.client()).ifPresent(this::perNode);
            throw new NotSeen(String.valueOf(e.getMessage()), world.logs());
        }
    }

    private Optional<JsonNode> printed(List<List<String>> printed) {
        Optional<JsonNode> tunnel = Example.tunnel(world.client());
        tunnel.ifPresent(found -> {
            List<String> meaning = table.meaning(found);
            if (printed.isEmpty() || !printed.getLast().equals(meaning)) {
                printed.add(meaning);
                screen.answer(table.row(found, Instant.now()));
            }
        });
        return tunnel;
    }

    private void perNode(JsonNode tunnel) {
        screen.line("its status.tunnels:");
        for (NodeWolf node : world.nodes()) {
            JsonNode row = of(tunnel, node);
            String why = row.path("reason").asText();
            screen.answer("%-8s %-12s %s"
                    .formatted(
                            node.name(),
                            row.path("state").asText(),
                            why.isEmpty()
                                    ? ""
                                    : why + ": " + row.path("message").asText())
                    .stripTrailing());
        }
    }

    private static String ready(JsonNode tunnel) {
        for (JsonNode condition : tunnel.at("/status/conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText();
            }
        }
        return "";
    }

    /** Connected, by the agent's own word. */
    private static boolean connected(JsonNode tunnel, NodeWolf node) {
        JsonNode row = of(tunnel, node);
        return row.path("state").asText().equals("Connected")
                && row.path("reason").asText().isEmpty();
    }

    private static JsonNode of(JsonNode tunnel, NodeWolf node) {
        for (JsonNode row : tunnel.at("/status/tunnels")) {
            if (row.path("node").asText().equals(node.name())) {
                return row;
            }
        }
        return MissingNode.getInstance();
    }

    private static boolean answered(Answer answer, NodeWolf node) {
        return answer.status() == 200 && answer.body().contains(node.fingerprint());
    }

    private void require(boolean seen, String what) throws NotSeen {
        if (!seen) {
            List<Path> logs = new ArrayList<>(List.of(world.controlPlane().log()));
            logs.addAll(world.logs());
            throw new NotSeen(what, logs.stream().distinct().toList());
        }
    }
}
