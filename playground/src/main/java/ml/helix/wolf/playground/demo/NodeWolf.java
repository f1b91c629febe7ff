package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
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

    private final SimulatedNode node;
    private final FakeWolf wolf;

    private NodeWolf(SimulatedNode node, FakeWolf wolf) {
        this.node = node;
        this.wolf = wolf;
    }

    /**
     * Starts a Wolf on the node's address.
     *
     * @throws NotSeen when that address or a port of it can't be had
     */
    static NodeWolf start(String name, String address, Map<String, String> labels) throws NotSeen, IOException {
        SimulatedNode node = new SimulatedNode(name, address, labels, List.of());
        InetAddress ip = InetAddress.ofLiteral(address);
        try (ServerSocket free = new ServerSocket(AGENT_PORT, 1, ip)) {
            free.setReuseAddress(true);
        } catch (BindException e) {
            throw unbindable(address, AGENT_PORT, "agent", e);
        }
        FakeWolf wolf = FakeWolf.at(new InetSocketAddress(ip, PORT));
        try {
            wolf.start();
        } catch (UncheckedIOException e) {
            throw unbindable(address, PORT, "Wolf", e);
        }
        NodeWolf started = new NodeWolf(node, wolf);
        started.post("/api/v1/apps/add", "{\"id\":\"blender-on-%s\",\"title\":\"Blender\"}".formatted(name));
        started.post("/api/v1/sessions/add", "{\"app_id\":\"blender-on-%s\"}".formatted(name));
        return started;
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

    private static NotSeen unbindable(String address, int port, String whose, Throwable cause) {
        String hint = String.valueOf(cause.getMessage()).contains("in use")
                ? "something listens there: end it, or the demo that still runs"
                : cause.getMessage() + "; macOS needs: sudo ifconfig lo0 alias " + address;
        return new NotSeen(address + ":" + port + " for the simulated node's " + whose + ": " + hint, List.of());
    }

    @Override
    public void close() {
        wolf.close();
    }
}
