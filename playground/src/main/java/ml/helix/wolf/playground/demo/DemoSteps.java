package ml.helix.wolf.playground.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import ml.helix.wolf.playground.demo.Caller.Answer;

/** The steps of the demo. Each prints what it does, checks the result, and fails if it isn't as it should be. */
final class DemoSteps {
    private static final int BODY_WIDTH = 88;
    private static final Duration CONNECT = Duration.ofSeconds(90);
    private static final Duration NOTICE = Duration.ofSeconds(60);
    /** An agent that was cut off for long waits up to a minute before it tries again. */
    private static final Duration RECONNECT = Duration.ofSeconds(90);

    private final DemoParts parts;
    private final KubernetesClient client;
    private final Screen screen;
    private final WolfTunnelTable table = WolfTunnelTable.committed();

    DemoSteps(DemoParts parts, Screen screen) {
        this.parts = parts;
        this.client = parts.client();
        this.screen = screen;
    }

    /** Applies the example and waits until every tunnel is connected. */
    void applyWolfTunnel() throws DemoFailure, InterruptedException {
        screen.heading("1. Apply a WolfTunnel: the operator starts an agent on each GPU node, and it connects out");
        parts.example().apply(client);
        screen.line(ExampleManifest.FILE + ", with the demo's own URL, token and reconnectSeconds");
        JsonNode resource = watch(
                "the WolfTunnel is Ready with " + parts.nodes().size() + " tunnels",
                CONNECT,
                found ->
                        ready(found).equals("True") && parts.nodes().stream().allMatch(node -> connected(found, node)));
        printTunnels(resource);
        // A pod's readiness follows at the pace of its probe; step 4 must not coincide with it.
        Await.until(
                "every agent's pod is ready",
                NOTICE,
                parts.logs(),
                () -> client.apps().daemonSets().inNamespace(ExampleManifest.NAMESPACE).list().getItems().stream()
                        .anyMatch(set -> set.getStatus().getNumberReady()
                                == parts.nodes().size()));
        screen.checked("an agent runs on each node, a real process with one outbound connection");
    }

    /** Sends a request through each tunnel. */
    void reachEachWolf() throws DemoFailure, InterruptedException {
        screen.heading("2. Reach each Wolf through its tunnel");
        for (WolfNode node : parts.nodes()) {
            requireAnswer(node);
        }
        screen.checked("each answer comes from the Wolf of its node");
    }

    /** Drains one instance: a request for which the control plane chooses the Wolf goes to the others. */
    void drainAnInstance() throws DemoFailure, InterruptedException {
        WolfNode drained = parts.nodes().getFirst();
        screen.heading("3. Let the control plane choose the Wolf, and drain " + drained.runnerId());
        requireRouted(parts.nodes());
        post(drained, "drain");
        requireRouted(parts.nodes().subList(1, parts.nodes().size()));
        post(drained, "undrain");
        screen.checked("nothing new is routed to an instance that drains");
    }

    /** Cuts one node off and waits until the status says so. */
    void cutNodeOff() throws DemoFailure, InterruptedException {
        WolfNode cutOff = parts.nodes().getLast();
        screen.heading("4. Cut the network between " + cutOff.name() + " and the control plane");
        parts.network().cut(cutOff.runnerId());
        JsonNode resource = watch(
                "the WolfTunnel is not Ready, and " + cutOff.name() + " is Disconnected with a reason",
                NOTICE,
                found -> ready(found).equals("False")
                        && tunnel(found, cutOff).path("state").asText().equals("Disconnected")
                        && !tunnel(found, cutOff).path("reason").asText().isEmpty());
        printTunnels(resource);
        Answer answer = request(cutOff);
        require(answer.status() >= 502 && answer.status() <= 504, "no gateway error for " + cutOff.runnerId());
        requireAnswer(parts.nodes().getFirst());
        screen.checked("the status names the node and the reason; the other Wolf still answers");
    }

    /** Restores the network and waits until the tunnel is connected again. */
    void restoreNetwork() throws DemoFailure, InterruptedException {
        WolfNode restored = parts.nodes().getLast();
        screen.heading("5. Restore the network, and do nothing else");
        parts.network().restore(restored.runnerId());
        JsonNode resource = watch(
                "the WolfTunnel is Ready again",
                RECONNECT,
                found -> ready(found).equals("True") && connected(found, restored));
        printTunnels(resource);
        requireAnswer(restored);
        screen.checked("the agent reconnected by itself, and its Wolf answers again");
    }

    /** Deletes the WolfTunnel and waits until everything that it owned is gone. */
    void deleteWolfTunnel() throws DemoFailure, InterruptedException {
        screen.heading("6. Delete the WolfTunnel");
        parts.example().delete(client);
        Await.until(
                "nothing is left of the WolfTunnel",
                NOTICE,
                parts.logs(),
                () -> client.pods()
                                .inNamespace(ExampleManifest.NAMESPACE)
                                .list()
                                .getItems()
                                .isEmpty()
                        && client.apps()
                                .daemonSets()
                                .inNamespace(ExampleManifest.NAMESPACE)
                                .list()
                                .getItems()
                                .isEmpty()
                        && ExampleManifest.wolfTunnel(client).isEmpty());
        screen.checked("its DaemonSet, its pods and their processes are gone");
    }

    private Answer request(WolfNode node) throws InterruptedException {
        return get(Caller.path(node.runnerId()));
    }

    private Answer get(String path) throws InterruptedException {
        screen.command("curl $control_plane" + path);
        return printed(parts.caller().get(path));
    }

    private void post(WolfNode node, String action) throws DemoFailure, InterruptedException {
        String path = Caller.instance(node.runnerId()) + "/" + action;
        screen.command("curl -X POST $control_plane" + path);
        Answer answer = printed(parts.caller().post(path));
        require(answer.status() == 200, "no " + action + " of " + node.runnerId());
    }

    private Answer printed(Answer answer) {
        screen.output(answer.brief(BODY_WIDTH));
        return answer;
    }

    private void requireAnswer(WolfNode node) throws DemoFailure, InterruptedException {
        require(isOf(node, request(node)), "no answer from the Wolf on " + node.name());
    }

    private void requireRouted(List<WolfNode> nodes) throws DemoFailure, InterruptedException {
        Answer answer = get("/api/v1/wolf/api/v1/sessions");
        require(
                nodes.stream().anyMatch(node -> isOf(node, answer)),
                "no answer from a Wolf on " + nodes.stream().map(WolfNode::name).toList());
    }

    private static boolean isOf(WolfNode node, Answer answer) {
        return answer.status() == 200 && answer.body().contains(node.appId());
    }

    private void require(boolean condition, String otherwise) throws DemoFailure {
        if (!condition) {
            List<Path> logs = new ArrayList<>(List.of(parts.controlPlane().log()));
            logs.addAll(parts.logs());
            throw new DemoFailure(otherwise, logs.stream().distinct().toList());
        }
    }

    /** Prints a row whenever the columns of the WolfTunnel change, until it is as wanted. */
    private JsonNode watch(String what, Duration deadline, Predicate<JsonNode> wanted)
            throws DemoFailure, InterruptedException {
        screen.command("kubectl -n " + ExampleManifest.NAMESPACE + " get wolftunnels --watch");
        screen.output(table.header());
        List<List<String>> printed = new ArrayList<>();
        try {
            return Await.value(what, deadline, List.of(), () -> {
                Optional<JsonNode> resource = ExampleManifest.wolfTunnel(client);
                resource.ifPresent(found -> printIfChanged(found, printed));
                return resource.filter(wanted);
            });
        } catch (DemoFailure e) {
            ExampleManifest.wolfTunnel(client).ifPresent(this::printTunnels);
            throw new DemoFailure(String.valueOf(e.getMessage()), parts.logs());
        }
    }

    private void printIfChanged(JsonNode resource, List<List<String>> printed) {
        List<String> cells = table.cellsWithoutAge(resource);
        if (printed.isEmpty() || !printed.getLast().equals(cells)) {
            printed.add(cells);
            screen.output(table.row(resource, Instant.now()));
        }
    }

    private void printTunnels(JsonNode resource) {
        screen.line("its status.tunnels:");
        for (WolfNode node : parts.nodes()) {
            JsonNode tunnel = tunnel(resource, node);
            String reason = tunnel.path("reason").asText();
            screen.output("%-8s %-12s %s"
                    .formatted(
                            node.name(),
                            tunnel.path("state").asText(),
                            reason.isEmpty()
                                    ? ""
                                    : reason + ": " + tunnel.path("message").asText())
                    .stripTrailing());
        }
    }

    private static String ready(JsonNode resource) {
        for (JsonNode condition : resource.at("/status/conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText();
            }
        }
        return "";
    }

    /** Whether the agent itself reports that it is connected; the operator alone would add a reason. */
    private static boolean connected(JsonNode resource, WolfNode node) {
        JsonNode tunnel = tunnel(resource, node);
        return tunnel.path("state").asText().equals("Connected")
                && tunnel.path("reason").asText().isEmpty();
    }

    private static JsonNode tunnel(JsonNode resource, WolfNode node) {
        for (JsonNode tunnel : resource.at("/status/tunnels")) {
            if (tunnel.path("node").asText().equals(node.name())) {
                return tunnel;
            }
        }
        return MissingNode.getInstance();
    }
}
