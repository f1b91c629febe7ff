package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.playground.node.SimulatedNode;
import ml.helix.wolf.testkit.FakeWolf;

/** A simulated node with its Wolf, in which one session runs that names the node. Thread-safe. */
final class NodeWolf implements AutoCloseable {
    static final int PORT = 8080;

    private static final int AGENT_PORT = 9797;
    private static final int FIRST_ADDRESS = 11;
    private static final int ADDRESSES = 20;

    private final SimulatedNode node;
    private final FakeWolf wolf;

    private NodeWolf(SimulatedNode node, FakeWolf wolf) {
        this.node = node;
        this.wolf = wolf;
    }

    /**
     * Starts a Wolf on the first address from 127.0.0.11 on whose ports are free, so that two demos get along.
     *
     * @throws NotSeen when none of twenty can be had
     */
    static NodeWolf start(String name, Map<String, String> labels) throws NotSeen, IOException {
        String why = "";
        for (int last = FIRST_ADDRESS; last < FIRST_ADDRESS + ADDRESSES; last++) {
            String address = "127.0.0." + last;
            FakeWolf wolf = FakeWolf.at(new InetSocketAddress(InetAddress.ofLiteral(address), PORT));
            try {
                requireFree(address, AGENT_PORT);
                wolf.start();
            } catch (IOException | UncheckedIOException e) {
                why = address + ": " + e.getMessage();
                continue;
            }
            NodeWolf started = new NodeWolf(new SimulatedNode(name, address, labels, List.of()), wolf);
            started.post("/api/v1/apps/add", "{\"id\":\"blender-on-%s\",\"title\":\"Blender\"}".formatted(name));
            started.post("/api/v1/sessions/add", "{\"app_id\":\"blender-on-%s\"}".formatted(name));
            return started;
        }
        throw new NotSeen(
                "an address from 127.0.0.%d on for node %s, with ports %d (Wolf) and %d (agent) free. The last tried was %s."
                                .formatted(FIRST_ADDRESS, name, PORT, AGENT_PORT, why)
                        + "\nEnd what listens there; on macOS make one first: sudo ifconfig lo0 alias 127.0.0."
                        + FIRST_ADDRESS,
                List.of());
    }

    private static void requireFree(String address, int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port));
        }
    }

    SimulatedNode node() {
        return node;
    }

    String name() {
        return node.name();
    }

    /** What the control plane knows this Wolf by. */
    String runnerId() {
        return "wolf-" + node.name();
    }

    /** A text that only this Wolf's sessions have in them. */
    String fingerprint() {
        return "blender-on-" + node.name();
    }

    String agentStatus() {
        return "http://" + node.address() + ":" + AGENT_PORT + "/status";
    }

    private void post(String path, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.ofLiteral(node.address()), PORT)) {
            String request = "POST " + path + " HTTP/1.0\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            byte[] answer = socket.getInputStream().readAllBytes();
            if (!new String(answer, StandardCharsets.UTF_8).startsWith("HTTP/1.0 200")) {
                throw new IOException("The demo's Wolf refused " + path);
            }
        }
    }

    @Override
    public void close() {
        wolf.close();
    }
}
