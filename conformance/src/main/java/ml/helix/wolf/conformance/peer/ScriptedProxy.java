package ml.helix.wolf.conformance.peer;

import java.io.Closeable;
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

/**
 * An HTTP proxy that answers CONNECT as it is told, and else leads to one place, whatever was asked for.
 *
 * <p>Thread-safe. Listens from its making until {@link #close}, which closes each tunnel too.
 */
public final class ScriptedProxy implements Closeable {
    private final ServerSocket listening;
    private final InetSocketAddress destination;
    private final List<Head> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile String answer = "HTTP/1.1 200 Connection established\r\n\r\n";

    private ScriptedProxy(ServerSocket listening, InetSocketAddress destination) {
        this.listening = listening;
        this.destination = destination;
        Thread.ofVirtual().name("scripted-proxy").start(this::acceptAll);
    }

    /** At a free port of 127.0.0.1. */
    public static ScriptedProxy leadingTo(InetSocketAddress destination) throws IOException {
        return leadingTo(destination, ServerSocketFactory.getDefault());
    }

    /** At a free port of 127.0.0.1, with the factory's sockets: TLS to the proxy itself. */
    public static ScriptedProxy leadingTo(InetSocketAddress destination, ServerSocketFactory sockets)
            throws IOException {
        return new ScriptedProxy(sockets.createServerSocket(0, 64, InetAddress.ofLiteral("127.0.0.1")), destination);
    }

    /** From now on each request is answered by this head; anything but 2xx is followed by a FIN. */
    public void answer(String head) {
        answer = head;
    }

    /** All requests so far. */
    public List<Head> requests() {
        return List.copyOf(requests);
    }

    public int port() {
        return listening.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    private void acceptAll() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                open.add(client);
                Thread.ofVirtual().name("scripted-proxy-tunnel").start(() -> serve(client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket server = new Socket()) {
            open.add(server);
            requests.add(Head.read(client.getInputStream()));
            client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
            client.getOutputStream().flush();
            if (answer.startsWith("HTTP/1.1 2")) {
                server.connect(destination);
                Thread there = Thread.ofVirtual().start(() -> copy(client, server));
                copy(server, client);
                there.join();
            }
        } catch (IOException e) {
            // The agent sees the end; there is nobody else to tell.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Up to the end of one, which then ends the other. */
    private static void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
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
            // It is closed all the same.
        }
    }
}
