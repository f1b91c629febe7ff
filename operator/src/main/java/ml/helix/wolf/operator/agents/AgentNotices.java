package ml.helix.wolf.operator.agents;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import ml.helix.wolf.program.ListenAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the agents' notices, {@code POST /changed/{id}}: "something has changed here, ask me". A notice says nothing else, so
 * a forged one costs one poll and can't put anything into a status. 202 if the id is known, 404 otherwise.
 *
 * <p>Anybody on the network may connect. {@link #MAX_CONNECTIONS} connections are served at once, each for {@link #TIMEOUT} and
 * {@link #MAX_BYTES}; what comes beyond is closed without an answer, and its agent tries again. Thread-safe; serves from
 * {@link #start} until {@link #close}.
 */
public final class AgentNotices implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AgentNotices.class);
    private static final Pattern REQUEST = Pattern.compile("POST /changed/([A-Za-z0-9-]{1,64}) HTTP/1\\.[01]");

    static final Duration TIMEOUT = Duration.ofSeconds(2);
    static final int MAX_CONNECTIONS = 64;
    static final int MAX_BYTES = 1024;
    private static final int BACKLOG = 1024;

    private final ServerSocket server;
    private final Semaphore free = new Semaphore(MAX_CONNECTIONS);

    private AgentNotices(ServerSocket server) {
        this.server = server;
    }

    /**
     * Listens; agents that connect wait for {@link #start}.
     *
     * @throws UncheckedIOException if the address can't be bound
     */
    public static AgentNotices listen(InetSocketAddress address) {
        try {
            var server = new ServerSocket();
            server.bind(address, BACKLOG);
            return new AgentNotices(server);
        } catch (IOException e) {
            throw new UncheckedIOException(new IOException(
                    "cannot listen on " + ListenAddress.show(address) + " for the agents' notices: " + e.getMessage(),
                    e));
        }
    }

    /** What agents are told: {@code ip:port}. */
    public String address() {
        return new AgentAddress(server.getInetAddress().getHostAddress(), server.getLocalPort()).toString();
    }

    /** @param changed called with each notice's id; returns whether it is known. Must not block */
    public void start(Predicate<String> changed) {
        Thread.ofPlatform().daemon().name("agent-notices").start(() -> accept(changed));
    }

    private void accept(Predicate<String> changed) {
        while (!server.isClosed()) {
            try {
                Socket agent = server.accept();
                if (free.tryAcquire()) {
                    Thread.ofVirtual().name("agent-notice").start(() -> serve(agent, changed));
                } else {
                    agent.close();
                }
            } catch (IOException e) {
                if (!server.isClosed()) {
                    LOG.debug("A notice of an agent is lost", e);
                }
            }
        }
    }

    private void serve(Socket agent, Predicate<String> changed) {
        try (agent) {
            String status = id(read(agent)).map(changed::test).orElse(false) ? "202 Accepted" : "404 Not Found";
            agent.getOutputStream()
                    .write(("HTTP/1.0 " + status + "\r\nContent-Length: 0\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LOG.debug("A notice of an agent is lost", e);
        } finally {
            free.release();
        }
    }

    static Optional<String> id(String head) {
        var request = REQUEST.matcher(head.lines().findFirst().orElse(""));
        return request.matches() ? Optional.of(request.group(1)) : Optional.empty();
    }

    /** The request's head, as far as it fits. */
    private static String read(Socket agent) throws IOException {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        InputStream in = agent.getInputStream();
        var head = new byte[MAX_BYTES];
        int length = 0;
        while (length < head.length) {
            int millis = (int) Duration.ofNanos(deadline - System.nanoTime()).toMillis();
            if (millis <= 0) {
                throw new SocketTimeoutException("too slow");
            }
            agent.setSoTimeout(millis);
            int read = in.read(head, length, head.length - length);
            if (read < 0) {
                break;
            }
            length += read;
            var text = new String(head, 0, length, StandardCharsets.ISO_8859_1);
            if (text.contains("\r\n\r\n")) {
                return text;
            }
        }
        return "";
    }

    /** Idempotent. */
    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            LOG.debug("closing", e);
        }
    }
}
