package ml.helix.wolf.playground.demo;

import com.fasterxml.jackson.databind.JsonNode;
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

    private final World world;
    private final Screen screen;
    private final TunnelTable table = TunnelTable.committed();

    Story(World world, Screen screen) {
        this.world = world;
        this.screen = screen;
    }

    /** Applies the example and watches until every tunnel is up. */
    void connects() throws NotSeen, IOException, InterruptedException {
        screen.part("1. A WolfTunnel is applied, and the operator makes it so");
        Example example = world.example();
        example.apply(world.client());
        screen.line("applied " + Example.FILE + ", with the demo's own URL, token and reconnectSeconds: 1");
        screen.command("kubectl get wolftunnels -n " + Example.NAMESPACE + " -w");
        JsonNode tunnel = watch(
                "the WolfTunnel Ready with " + world.nodes().size() + " tunnels",
                Duration.ofSeconds(40),
                found -> ready(found).equals("True")
                        && states(found).stream().allMatch("Connected"::equals)
                        && states(found).size() == world.nodes().size());
        perNode(tunnel);
        screen.seen("one agent process per node, each with one outbound connection");
    }

    /** Sends a request through each tunnel. */
    void answers() throws NotSeen, InterruptedException {
        screen.part("2. Each Wolf is reached through its tunnel: nothing listens for it but its own node");
        for (NodeWolf node : world.nodes()) {
            screen.command("GET " + Caller.path(node.runnerId()));
            Answer answer = world.caller().sessions(node.runnerId());
            screen.line("    " + answer.brief(BODY));
            require(answered(answer, node), "the answer of the Wolf on " + node.name());
        }
        screen.seen("each answer names its own node");
    }

    /** Cuts one node off and watches its tunnel go. */
    void breaks() throws NotSeen, InterruptedException {
        NodeWolf broken = world.nodes().getLast();
        NodeWolf whole = world.nodes().getFirst();
        screen.part("3. The network between " + broken.name() + " and the control plane is cut");
        world.uplink().cut(broken.runnerId());
        screen.command("kubectl get wolftunnels -n " + Example.NAMESPACE + " -w");
        JsonNode tunnel = watch(
                "the WolfTunnel not Ready, " + broken.name() + " Disconnected with a reason",
                Duration.ofSeconds(25),
                found -> ready(found).equals("False")
                        && state(found, broken).equals("Disconnected")
                        && !of(found, broken).path("reason").asText().isEmpty());
        perNode(tunnel);
        screen.command("GET " + Caller.path(broken.runnerId()));
        Answer answer = world.caller().sessions(broken.runnerId());
        screen.line("    " + answer.brief(BODY));
        require(answer.status() >= 502 && answer.status() <= 504, "a named failure for " + broken.runnerId());
        require(answered(world.caller().sessions(whole.runnerId()), whole), "an answer from " + whole.runnerId());
        screen.seen("the status says which node and why; " + whole.name() + " still answers");
    }

    /** Mends it and watches it come back. */
    void recovers() throws NotSeen, InterruptedException {
        NodeWolf mended = world.nodes().getLast();
        screen.part("4. The network is back, and nobody does anything");
        world.uplink().mend(mended.runnerId());
        screen.command("kubectl get wolftunnels -n " + Example.NAMESPACE + " -w");
        JsonNode tunnel = watch(
                "the WolfTunnel Ready again",
                Duration.ofSeconds(40),
                found -> ready(found).equals("True") && state(found, mended).equals("Connected"));
        perNode(tunnel);
        screen.command("GET " + Caller.path(mended.runnerId()));
        Answer answer = world.caller().sessions(mended.runnerId());
        screen.line("    " + answer.brief(BODY));
        require(answered(answer, mended), "an answer from " + mended.runnerId() + " again");
        screen.seen("the agent came back by itself, and its Wolf answers again");
    }

    /** Deletes the WolfTunnel and watches all that it owned go. */
    void leavesNothing() throws NotSeen, IOException, InterruptedException {
        screen.part("5. The WolfTunnel is deleted");
        world.example().delete(world.client());
        Await.until("nothing left of the WolfTunnel", Duration.ofSeconds(40), world.logs(), () -> {
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

    /** Prints a row whenever the tunnel's columns change, until it is as wanted. */
    private JsonNode watch(String what, Duration deadline, Predicate<JsonNode> wanted)
            throws NotSeen, InterruptedException {
        screen.line("  " + table.header());
        List<List<String>> printed = new ArrayList<>();
        return Await.until(what, deadline, world.logs(), () -> {
            Optional<JsonNode> tunnel = Example.tunnel(world.client());
            tunnel.ifPresent(found -> {
                List<String> meaning = table.meaning(found);
                if (printed.isEmpty() || !printed.getLast().equals(meaning)) {
                    printed.add(meaning);
                    screen.line("  " + table.row(found, Instant.now()));
                }
            });
            return tunnel.filter(wanted);
        });
    }

    private void perNode(JsonNode tunnel) {
        screen.command("kubectl get wolftunnel " + Example.NAME + " -n " + Example.NAMESPACE + " -o yaml");
        for (JsonNode row : tunnel.at("/status/tunnels")) {
            screen.line("  %-7s %-13s %-16s %s"
                    .formatted(
                            row.path("node").asText(),
                            row.path("state").asText(),
                            row.path("reason").asText(),
                            row.path("message").asText()));
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

    private static List<String> states(JsonNode tunnel) {
        List<String> states = new ArrayList<>();
        tunnel.at("/status/tunnels").forEach(row -> states.add(row.path("state").asText()));
        return states;
    }

    private static String state(JsonNode tunnel, NodeWolf node) {
        return of(tunnel, node).path("state").asText();
    }

    private static JsonNode of(JsonNode tunnel, NodeWolf node) {
        for (JsonNode row : tunnel.at("/status/tunnels")) {
            if (row.path("node").asText().equals(node.name())) {
                return row;
            }
        }
        return tunnel.path("no such node");
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
