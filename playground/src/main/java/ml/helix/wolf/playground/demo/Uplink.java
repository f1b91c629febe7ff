package ml.helix.wolf.playground.demo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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
 * The network between the nodes and the control plane: a TCP relay that can be cut for one agent. It tells agents apart
 * by the id in the request that opens a control connection; other connections it passes on as they are.
 *
 * <p>Thread-safe; two virtual threads per connection.
 */
final class Uplink implements AutoCloseable {
    private static final Pattern RUNNER = Pattern.compile("^GET \\S*[?&]runnerid=([^&\\s]+)");
    private static final int MAX_LINE = 8 * 1024;

    private final ServerSocket server;
    private final InetSocketAddress controlPlane;
    private final Set<String> cut = ConcurrentHashMap.newKeySet();
    private final Map<Socket, String> open = new ConcurrentHashMap<>();

    private Uplink(ServerSocket server, InetSocketAddress controlPlane) {
        this.server = server;
        this.controlPlane = controlPlane;
    }

    static Uplink start(InetSocketAddress controlPlane) throws IOException {
        Uplink uplink = new Uplink(new ServerSocket(0, 1024, InetAddress.ofLiteral("127.0.0.1")), controlPlane);
        Thread.ofVirtual().name("uplink").start(uplink::accept);
        return uplink;
    }

    /** The control plane's URL as the nodes know it. */
    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** Ends the agent's control connection and lets none through until it is mended. */
    void cut(String runnerId) {
        cut.add(runnerId);
        open.forEach((socket, id) -> {
            if (id.equals(runnerId)) {
                closeQuietly(socket);
            }
        });
    }

    void mend(String runnerId) {
        cut.remove(runnerId);
    }

    private void accept() {
        try {
            while (true) {
                Socket agent = server.accept();
                Thread.ofVirtual().name("uplink-connection").start(() -> relay(agent));
            }
        } catch (IOException e) {
            open.keySet().forEach(Uplink::closeQuietly);
        }
    }

    private void relay(Socket agent) {
        try (agent;
                Socket control = new Socket()) {
            open.put(agent, "");
            byte[] line = firstLine(agent.getInputStream());
            Matcher runner = RUNNER.matcher(new String(line, StandardCharsets.ISO_8859_1));
            String id = runner.find() ? runner.group(1) : "";
            open.put(agent, id);
            if (cut.contains(id)) {
                return;
            }
            agent.setTcpNoDelay(true);
            control.setTcpNoDelay(true);
            control.connect(controlPlane);
            OutputStream there = control.getOutputStream();
            there.write(line);
            Thread back = Thread.ofVirtual().name("uplink-back").start(() -> {
                try (control;
                        agent) {
                    control.getInputStream().transferTo(agent.getOutputStream());
                } catch (IOException e) {
                    closeQuietly(agent);
                }
            });
            agent.getInputStream().transferTo(there);
            control.shutdownOutput();
            back.join();
        } catch (IOException e) {
            closeQuietly(agent);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(agent);
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

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException("Cannot close " + socket, e);
        }
    }

    /** Ends every connection. */
    @Override
    public void close() throws IOException {
        server.close();
    }
}
