package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import ml.helix.wolf.controlplane.replica.PeerMessage.Ask;
import ml.helix.wolf.controlplane.replica.PeerMessage.AskStats;
import ml.helix.wolf.controlplane.replica.PeerMessage.Asked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Bring;
import ml.helix.wolf.controlplane.replica.PeerMessage.Failed;
import ml.helix.wolf.controlplane.replica.PeerMessage.Go;
import ml.helix.wolf.controlplane.replica.PeerMessage.Known;
import ml.helix.wolf.controlplane.replica.PeerMessage.Link;
import ml.helix.wolf.controlplane.replica.PeerMessage.Linked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Refused;
import ml.helix.wolf.controlplane.replica.PeerMessage.Streams;
import ml.helix.wolf.controlplane.replica.PeerMessage.TellStats;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.DialerState;
import ml.helix.wolf.revdial.FailedPickup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the other replicas connect: sends conn-readies for them, tells them what its agents say of their pickups, and takes
 * the pickups that they got. Answers nobody without a known certificate. Serves from {@link #start} until {@link #close}.
 * Thread-safe.
 */
final class PeerListener implements AutoCloseable {
    private static final int MAX_HANDSHAKES = 64;
    private static final int MAX_CONNECTIONS = 10_000;
    private static final int ACCEPT_QUEUE = 256;
    private static final Logger log = LoggerFactory.getLogger(PeerListener.class);

    private final InetSocketAddress address;
    private final PeerDoor door;
    private final ConnectionManager connections;
    private final StreamCounts streams;
    private final ServerSocket server;
    private final Semaphore handshakes = new Semaphore(MAX_HANDSHAKES);
    private final Set<PeerConnection> open = ConcurrentHashMap.newKeySet();
    /** The latest link from each replica. */
    private final Map<String, PeerLink> links = new ConcurrentHashMap<>();

    private volatile boolean closed;

    /** @param streams gets how many streams each replica has */
    PeerListener(InetSocketAddress address, PeerDoor door, ConnectionManager connections, StreamCounts streams)
            throws IOException {
        this.address = address;
        this.door = door;
        this.connections = connections;
        this.streams = streams;
        this.server = new ServerSocket();
    }

    void start() throws IOException {
        try {
            server.bind(address, ACCEPT_QUEUE);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen for other replicas on " + ListenAddress.show(address) + ": " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("peer-accept").start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = server.accept();
                if (open.size() < MAX_CONNECTIONS && handshakes.tryAcquire()) {
                    Thread.ofVirtual().name("peer-handshake").start(() -> admit(socket));
                } else {
                    socket.close();
                }
            } catch (IOException e) {
                if (!closed) {
                    log.warn("A replica's connection can't be accepted: {}", e.getMessage());
                    pause();
                }
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit(Socket socket) {
        PeerConnection connection;
        try {
            connection = door.accept(socket);
        } catch (IOException e) {
            log.debug("A connection to the port for replicas is refused: {}", e.getMessage());
            return;
        } finally {
            handshakes.release();
        }
        open.add(connection);
        connection.onClose(() -> open.remove(connection));
        if (closed) {
            connection.close();
        }
        serve(connection);
    }

    /** Serves the next thing that the connection is used for. */
    private void serve(PeerConnection connection) {
        boolean goesOn = false;
        try {
            switch (connection.receive()) {
                case Link() -> link(connection);
                case Bring(String dialerId, String requestId) -> goesOn = join(connection, dialerId, requestId);
                default -> log.debug("Replica {} began with what is neither link nor join", connection.peer);
            }
        } catch (IOException e) {
            log.debug("A connection of replica {} is over: {}", connection.peer, e.getMessage());
        } finally {
            if (!goesOn) {
                connection.close();
            }
        }
    }

    private void serveOn(PeerConnection connection) {
        Thread.ofVirtual().name("peer-connection").start(() -> serve(connection));
    }

    private void link(PeerConnection connection) throws IOException {
        connection.send(new Linked());
        var link = new PeerLink(connection);
        links.put(connection.peer, link);
        streams.forget(connection.peer); // it tells all of them again
        try {
            link.run(message -> {
                switch (message) {
                    case Ask(long number, String runnerId, String connPath) ->
                        link.offer(new Asked(number, connections.relay(runnerId, connPath)));
                    case AskStats(long number) -> link.offer(new TellStats(number, connections.localStats()));
                    case Streams count -> streams.set(connection.peer, count);
                    default -> log.debug("Replica {} sent an unexpected {}", connection.peer, message);
                }
            });
        } finally {
            links.remove(connection.peer, link);
        }
    }

    /** Returns whether the connection goes on. */
    private boolean join(PeerConnection connection, String dialerId, String requestId) throws IOException {
        DialerState state = connections.dials().dialerState(dialerId);
        String runnerId = connections.dials().runnerIdOf(dialerId).orElse("");
        if (state != DialerState.UP || runnerId.isEmpty()) {
            connection.send(new Refused(state == DialerState.UP ? DialerState.EXPIRED : state));
            serveOn(connection);
            return true;
        }
        connection.send(new Known(runnerId));
        if (!(connection.receive() instanceof Go)) {
            return false;
        }
        connections.dials().deliver(dialerId, requestId, new PeerStream(connection, this::reuse));
        return true;
    }

    private void reuse(PeerConnection connection) {
        if (closed) {
            connection.close();
        } else {
            serveOn(connection);
        }
    }

    /** Tells a replica what an agent here says of its pickup. Never blocks. */
    void tell(FailedPickup failed) {
        PeerLink link = links.get(DialerIds.replicaOf(failed.dialerId()));
        if (link != null) {
            link.offer(new Failed(failed));
        }
    }

    /** Cuts all connections, and the streams on them. Idempotent. */
    @Override
    public void close() {
        closed = true;
        try {
            server.close();
        } catch (IOException e) {
            log.debug("The port for replicas was not closed in order", e);
        }
        open.forEach(PeerConnection::close);
    }
}
