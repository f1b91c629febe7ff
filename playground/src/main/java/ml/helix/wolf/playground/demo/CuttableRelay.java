package ml.helix.wolf.playground.demo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The network between the nodes and the control plane: a TCP relay that can be cut for one agent. It reads the runner id
 * in the request that opens a control connection; other connections are relayed without an id.
 *
 * <p>Thread-safe. Each connection has two virtual threads.
 */
final class CuttableRelay implements AutoCloseable {
    private static final Pattern RUNNER = Pattern.compile("^GET \\S*[?&]runnerid=([^&\\s]+)");
    private static final int MAX_LINE = 8 * 1024;

    private final ServerSocket server;
    private final InetSocketAddress controlPlane;
    private final Set<String> cut = ConcurrentHashMap.newKeySet();
    /** The runner id of each agent's connection; "" if it has none. */
    private final Map<Socket, String> open = new ConcurrentHashMap<>();

    private CuttableRelay(ServerSocket server, InetSocketAddress controlPlane) {
        this.server = server;
        this.controlPlane = controlPlane;
    }

    static CuttableRelay start(InetSocketAddress controlPlane) throws IOException {
        var relay = new CuttableRelay(new ServerSocket(0, 1024, InetAddress.ofLiteral("127.0.0.1")), controlPlane);
        Thread.ofVirtual().name("relay-accept").start(relay::accept);
        return relay;
    }

    /** The URL by which the nodes reach the control plane. */
    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** Closes the agent's control connection and refuses new ones until {@link #restore}. */
    void cut(String runnerId) {
        cut.add(runnerId);
        open.forEach((socket, id) -> {
            if (id.equals(runnerId)) {
                close(socket);
            }
        });
    }

    void restore(String runnerId) {
        cut.remove(runnerId);
    }

    private void accept() {
        try {
            while (true) {
                Socket agent = server.accept();
                Thread.ofVirtual().name("relay-to-control-plane").start(() -> relay(agent));
            }
        } catch (IOException e) {
            open.keySet().forEach(CuttableRelay::close);
        }
    }

    private void relay(Socket agent) {
        try (agent;
                Socket server = new Socket()) {
            open.put(agent, "");
            byte[] line = firstLine(agent.getInputStream());
            Matcher runner = RUNNER.matcher(new String(line, StandardCharsets.ISO_8859_1));
            String id = runner.find() ? runner.group(1) : "";
            open.put(agent, id);
            if (cut.contains(id)) {
                return;
            }
            agent.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(controlPlane);
            server.getOutputStream().write(line);
            Thread back = Thread.ofVirtual().name("relay-to-agent").start(() -> copy(server, agent));
            copy(agent, server);
            back.join();
        } catch (IOException e) {
            close(agent);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(agent);
        }
    }

    /** Copies bytes until the end of {@code from}, then ends the output of {@code to}. A failure closes both. */
    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            close(from);
            close(to);
        }
    }

    private static byte[] firstLine(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = 0;
        while (next != '\n' && next >= 0 && line.size() < MAX_LINE) {
            next = in.read();
            if (next >= 0) {
                line.write(next);
            }
        }
        return line.toByteArray();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes every connection. */
    @Override
    public void close() throws IOException {
        server.close();
    }
}
