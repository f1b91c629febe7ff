package ml.helix.wolf.agent.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A server whose every byte a test plays. Accepts connections and keeps them, in order, until the test takes them. */
public final class ScriptedServer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ServerSocket server;
    private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();

    private ScriptedServer(ServerSocket server) {
        this.server = server;
        Thread.ofVirtual().name("scripted-server").start(() -> {
            try {
                while (true) {
                    Socket socket = server.accept();
                    if (socket instanceof SSLSocket tls) {
                        Thread.ofVirtual().name("scripted-handshake").start(() -> handshake(tls));
                    } else {
                        accepted.add(socket);
                    }
                }
            } catch (IOException e) {
                // closed
            }
        });
    }

    public static ScriptedServer plain() throws IOException {
        return new ScriptedServer(new ServerSocket(0, 1000, InetAddress.ofLiteral("127.0.0.1")));
    }

    public static ScriptedServer tls(SSLContext context) throws IOException {
        return new ScriptedServer(
                context.getServerSocketFactory().createServerSocket(0, 1000, InetAddress.ofLiteral("127.0.0.1")));
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Here and not at the test's first read, because some tests expect it to fail. */
    private void handshake(SSLSocket socket) {
        try {
            socket.startHandshake();
            accepted.add(socket);
        } catch (IOException e) {
            // the client says why
        }
    }

    /** Waits for the next connection, and for its request's head. */
    public ScriptedConnection next() {
        try {
            Socket socket = accepted.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (socket == null) {
                throw new AssertionError("nobody connects");
            }
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.setTcpNoDelay(true);
            return ScriptedConnection.on(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The next connection whose target contains the text; others get no answer. */
    public ScriptedConnection nextTo(String part) {
        ScriptedConnection peer = next();
        while (!peer.target().contains(part)) {
            peer = next();
        }
        return peer;
    }

    /** Whether there is a connection that no test has taken. */
    public boolean hasWaiting() {
        return !accepted.isEmpty();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : accepted) {
            socket.close();
        }
    }
}
