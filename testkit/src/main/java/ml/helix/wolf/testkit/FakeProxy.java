package ml.helix.wolf.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy on loopback that knows only CONNECT. Keeps the heads of its requests. Thread-safe; a virtual thread per
 * direction.
 */
public final class FakeProxy implements AutoCloseable {
    private final ServerSocket server;
    private final String required;
    private final @Nullable InetSocketAddress destination;
    private volatile String refusal;
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private FakeProxy(
            ServerSocketFactory sockets, @Nullable InetSocketAddress destination, String required, String refusal)
            throws IOException {
        this.destination = destination;
        this.required = required;
        this.refusal = refusal;
        this.server = sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("fake-proxy").start(this::accept);
    }

    private FakeProxy(String required, String refusal) throws IOException {
        this(ServerSocketFactory.getDefault(), null, required, refusal);
    }

    /** Lets everybody through. */
    public static FakeProxy open() throws IOException {
        return new FakeProxy("", "");
    }

    /** Answers 407 unless the request carries these Basic credentials, in Base64. */
    public static FakeProxy requiring(String basic) throws IOException {
        return new FakeProxy("Proxy-Authorization: Basic " + basic, "407 Refused");
    }

    /** Answers every CONNECT with this status. */
    public static FakeProxy refusing(int status) throws IOException {
        return new FakeProxy("\0", status + " Refused");
    }

    /** Connects every request to this destination, as a proxy does that resolves names of its own. */
    public static FakeProxy forwardingTo(InetSocketAddress destination) throws IOException {
        return forwardingTo(destination, ServerSocketFactory.getDefault());
    }

    /** The same with these server sockets, for TLS to the proxy itself. */
    public static FakeProxy forwardingTo(InetSocketAddress destination, ServerSocketFactory sockets)
            throws IOException {
        return new FakeProxy(sockets, destination, "", "");
    }

    /** From now on answers each CONNECT with this status line and perhaps headers; if empty, lets all through. */
    public void refuse(String answer) {
        refusal = answer;
    }

    public int port() {
        return server.getLocalPort();
    }

    /** The heads of all requests so far. */
    public List<String> heads() {
        return List.copyOf(heads);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                sockets.add(client);
                Thread.ofVirtual().name("fake-proxy-client").start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client) {
            String head = head(client.getInputStream());
            heads.add(head);
            if (!refusal.isEmpty() && (required.isEmpty() || !head.contains(required))) {
                answer(client, refusal);
                return;
            }
            try (var upstream = new Socket()) {
                upstream.connect(target(head));
                sockets.add(upstream);
                answer(client, "200 Connection established");
                Thread back = Thread.ofVirtual().name("fake-proxy-back").start(() -> copy(upstream, client));
                copy(client, upstream);
                back.join();
                sockets.remove(upstream);
            } catch (IOException e) {
                answer(client, "502 Bad Gateway");
            }
        } catch (IOException e) {
            // the client has closed the connection
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(client);
        }
    }

    private InetSocketAddress target(String head) {
        if (destination != null) {
            return destination;
        }
        String target = head.split(" ")[1];
        int colon = target.lastIndexOf(':');
        String host = target.substring(0, colon).replaceAll("[\\[\\]]", "");
        return new InetSocketAddress(host, Integer.parseInt(target.substring(colon + 1)));
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static void answer(Socket client, String status) throws IOException {
        client.getOutputStream().write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static void copy(Socket from, Socket to) {
        try {
            OutputStream out = to.getOutputStream();
            from.getInputStream().transferTo(out);
            to.shutdownOutput();
        } catch (IOException e) {
            closeQuietly(from);
            closeQuietly(to);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // closed is closed
        }
    }

    /** Closes every connection too. */
    @Override
    public void close() throws IOException {
        server.close();
        sockets.forEach(FakeProxy::closeQuietly);
    }
}
