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

/** A simulated node with its Wolf. One session runs on that Wolf, and it names the node. */
record WolfNode(SimulatedNode node, FakeWolf wolf) implements AutoCloseable {
    static final int PORT = 8080;

    private static final int AGENT_PORT = 9797;
    private static final int FIRST_ADDRESS = 11;
    private static final int ADDRESSES = 20;

    /**
     * Starts a Wolf on the first address from 127.0.0.11 on whose ports are free. So two demos can run side by side.
     *
     * @throws DemoFailure if none of twenty addresses can be used
     */
    static WolfNode start(String name, Map<String, String> labels) throws DemoFailure, IOException {
        String failure = "";
        for (int last = FIRST_ADDRESS; last < FIRST_ADDRESS + ADDRESSES; last++) {
            String address = "127.0.0." + last;
            FakeWolf wolf = FakeWolf.at(new InetSocketAddress(InetAddress.ofLiteral(address), PORT))
                    .asHelixFork();
            try {
                requireFree(address, AGENT_PORT);
                wolf.start();
            } catch (IOException | UncheckedIOException e) {
                failure = address + ": " + e.getMessage();
                continue;
            }
            WolfNode started = new WolfNode(new SimulatedNode(name, address, labels), wolf);
            started.post("/api/v1/apps/add", "{\"id\":\"blender-on-%s\",\"title\":\"Blender\"}".formatted(name));
            started.post("/api/v1/sessions/add", "{\"app_id\":\"blender-on-%s\"}".formatted(name));
            return started;
        }
        throw new DemoFailure(
                "node %s needs an address from 127.0.0.%d on with free ports %d (Wolf) and %d (agent). The last attempt: %s."
                                .formatted(name, FIRST_ADDRESS, PORT, AGENT_PORT, failure)
                        + "\nStop what listens there. On macOS add an address first: sudo ifconfig lo0 alias 127.0.0."
                        + FIRST_ADDRESS,
                List.of());
    }

    private static void requireFree(String address, int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port));
        }
    }

    String name() {
        return node.name();
    }

    /** The id by which the control plane knows this Wolf. */
    String runnerId() {
        return "wolf-" + node.name();
    }

    /** The id of the app in this Wolf's one session; no other Wolf has it. */
    String appId() {
        return "blender-on-" + node.name();
    }

    /** The URL of the agent's status. */
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
