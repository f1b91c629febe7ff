package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Wolf whose API behaves as the real one does: HTTP/1.0, one request per connection, no chunked requests, sessions
 * and apps that keep their state, server-sent events with keep-alives. Listens on a TCP address or on a UNIX socket,
 * which is made anew at each start. Its answers to {@code /testkit/…} are not Wolf's: {@link TestEndpoints} lists them.
 *
 * <p>Thread-safe. Each connection has a virtual thread. It may be started and stopped any number of times; its sessions
 * do not survive a stop, the TCP port chosen at the first start does: until {@link #close} nobody else gets it.
 */
public final class FakeWolf implements AutoCloseable {

    /** How it treats connections. */
    public enum Behaviour {
        /** Requests are answered. */
        ANSWERS,
        /** Connections are accepted and read, and nothing is ever answered. */
        NEVER_ANSWERS,
        /** Nothing is accepted and the queue of waiting connections is full: a connect hangs. */
        NEVER_ACCEPTS
    }

    private static final int BACKLOG = 1024;
    /** A connect on loopback that takes longer has met a full queue. */
    private static final int FULL_AFTER_MILLIS = 200;

    private final Duration keepAlive;
    private final boolean helixFork;
    private final AtomicLong accepted = new AtomicLong();
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

    /** Guarded by this; the address given, and from the first start on the bound one. */
    private SocketAddress address;
    /** Guarded by this; null while stopped. */
    private @Nullable ServerSocketChannel server;
    /** Guarded by this; keeps the TCP port of a stopped Wolf without listening there; null otherwise. */
    private @Nullable Socket placeholder;
    /** Guarded by this; null while stopped. */
    private @Nullable WolfApi api;
    /** Guarded by this; null if nothing is accepted. */
    private @Nullable Thread acceptor;

    private final AtomicReference<String> health = new AtomicReference<>("healthy");
    /** Guarded by this. */
    private Duration stopTakes = Duration.ZERO;

    private FakeWolf(SocketAddress address, Duration keepAlive, boolean helixFork) {
        this.address = address;
        this.keepAlive = keepAlive;
        this.helixFork = helixFork;
    }

    /** An upstream Wolf, not yet started, at a TCP address; port 0 lets the system choose at the first start. */
    public static FakeWolf at(InetSocketAddress address) {
        return new FakeWolf(address, Duration.ofSeconds(15), false);
    }

    /** An upstream Wolf, not yet started, at a free port of 127.0.0.1. */
    public static FakeWolf onLoopback() {
        return at(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    }

    /** An upstream Wolf, not yet started, at a UNIX socket; its folder must exist. */
    public static FakeWolf at(Path socket) {
        return new FakeWolf(UnixDomainSocketAddress.of(socket), Duration.ofSeconds(15), false);
    }

    /** The same with another interval between the event stream's keep-alives; 15 s is Wolf's own. */
    public FakeWolf withKeepAlive(Duration interval) {
        return new FakeWolf(listenAddress(), interval, helixFork);
    }

    /** The same as Helix's fork, which reports system health and memory; upstream answers 404 there. */
    public FakeWolf asHelixFork() {
        return new FakeWolf(listenAddress(), keepAlive, true);
    }

    /** Starts answering. Does nothing if it runs; fails if the address cannot be bound. */
    public FakeWolf start() {
        return start(Behaviour.ANSWERS);
    }

    /** Starts with the given behaviour. Does nothing if it runs; fails if the address cannot be bound. */
    public synchronized FakeWolf start(Behaviour behaviour) {
        if (server != null) {
            return this;
        }
        releasePort();
        try {
            ServerSocketChannel bound = bind(behaviour == Behaviour.NEVER_ACCEPTS ? 1 : BACKLOG);
            server = bound;
            api = new WolfApi(keepAlive, helixFork, stopTakes, health::get);
            WolfApi answering = api;
            switch (behaviour) {
                case ANSWERS -> acceptor = accept(bound, channel -> serve(channel, answering));
                case NEVER_ANSWERS -> acceptor = accept(bound, this::swallow);
                case NEVER_ACCEPTS -> fillBacklog();
            }
        } catch (IOException e) {
            stop();
            throw new UncheckedIOException("Cannot listen on " + address + ": " + e.getMessage(), e);
        }
        return this;
    }

    /** Closes the listening socket and every connection. A UNIX socket's file stays, as a killed Wolf leaves it. */
    public synchronized void stop() {
        closeQuietly(server);
        server = null;
        awaitAcceptor();
        keepPort();
        if (api != null) {
            api.close();
            api = null;
        }
        connections.forEach(FakeWolf::closeQuietly);
        connections.clear();
    }

    /** Stops and starts: a new socket, no session left. */
    public synchronized FakeWolf restart() {
        return restart(Behaviour.ANSWERS);
    }

    /** Stops and starts with the given behaviour. */
    public synchronized FakeWolf restart(Behaviour behaviour) {
        stop();
        return start(behaviour);
    }

    /** From the next start on, stopping a session takes this long, as it can with a real Wolf. */
    public synchronized FakeWolf sessionStopTakes(Duration duration) {
        stopTakes = duration;
        return this;
    }

    /** From now on Helix's fork calls itself this: healthy, degraded, critical. */
    public FakeWolf reportHealth(String status) {
        health.set(status);
        return this;
    }

    /** Sends an event to every subscriber of the event stream. */
    public void emit(String type, JsonNode data) {
        running().events().emit(type, data);
    }

    /** How many subscribers the event stream has. */
    public int subscribers() {
        return running().events().subscribers();
    }

    /** How many connections were accepted, over all starts. */
    public long acceptedConnections() {
        return accepted.get();
    }

    /** How many connections are open. */
    public int openConnections() {
        return connections.size();
    }

    /** Where it listens: the bound address once it was started. */
    public synchronized SocketAddress listenAddress() {
        return address;
    }

    /** The bound TCP port; fails for a UNIX socket. */
    public int port() {
        return ((InetSocketAddress) listenAddress()).getPort();
    }

    /** Where it listens as the agent's {@code -local} wants it: {@code host:port} or {@code unix:///path}. */
    public String local() {
        return switch (listenAddress()) {
            case UnixDomainSocketAddress unix -> "unix://" + unix.getPath().toAbsolutePath();
            case InetSocketAddress tcp -> tcp.getAddress().getHostAddress() + ":" + tcp.getPort();
            case SocketAddress other -> throw new IllegalStateException("No text for " + other);
        };
    }

    /** Stops and releases the port. It may be started again. */
    @Override
    public synchronized void close() {
        stop();
        releasePort();
    }

    /** Nobody else can bind the port then, and a connect to it is still refused. */
    private void keepPort() {
        if (placeholder == null && address instanceof InetSocketAddress tcp && tcp.getPort() != 0) {
            var held = new Socket();
            try {
                held.setReuseAddress(true);
                held.bind(tcp);
                placeholder = held;
            } catch (IOException taken) {
                closeQuietly(held);
            }
        }
    }

    private void releasePort() {
        closeQuietly(placeholder);
        placeholder = null;
    }

    private ServerSocketChannel bind(int backlog) throws IOException {
        boolean unix = address instanceof UnixDomainSocketAddress;
        ServerSocketChannel bound =
                unix ? ServerSocketChannel.open(StandardProtocolFamily.UNIX) : ServerSocketChannel.open();
        try {
            if (address instanceof UnixDomainSocketAddress socket) {
                Files.deleteIfExists(socket.getPath());
            } else {
                bound.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            }
            bound.bind(address, backlog);
            address = bound.getLocalAddress();
            return bound;
        } catch (IOException e) {
            bound.close();
            throw e;
        }
    }

    private Thread accept(ServerSocketChannel bound, Consumer<SocketChannel> use) {
        return Thread.ofVirtual().name("fake-wolf-accept").start(() -> {
            try {
                while (true) {
                    SocketChannel channel = bound.accept();
                    accepted.incrementAndGet();
                    connections.add(channel);
                    Thread.ofVirtual().name("fake-wolf-connection").start(() -> use.accept(channel));
                }
            } catch (IOException e) {
                closeQuietly(bound);
            }
        });
    }

    /** The port is free only after the accepting thread has ended. */
    private void awaitAcceptor() {
        try {
            if (acceptor != null) {
                acceptor.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        acceptor = null;
    }

    private void serve(SocketChannel channel, WolfApi answering) {
        try (channel) {
            WolfConnection connection = new WolfConnection(channel);
            answering.answer(WolfRequest.read(connection.input()), connection);
        } catch (IOException e) {
            // The peer has closed the connection, or a stop has.
            closeQuietly(channel);
        } finally {
            connections.remove(channel);
        }
    }

    private void swallow(SocketChannel channel) {
        try (channel) {
            new WolfConnection(channel).input().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            closeQuietly(channel);
        } finally {
            connections.remove(channel);
        }
    }

    /** Connects until the queue is full, so that the next connect hangs. */
    private void fillBacklog() throws IOException {
        while (true) {
            boolean unix = address instanceof UnixDomainSocketAddress;
            SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
            connections.add(channel);
            try {
                if (unix) {
                    channel.configureBlocking(false);
                    channel.connect(address);
                } else {
                    channel.socket().connect(address, FULL_AFTER_MILLIS);
                }
            } catch (SocketException | SocketTimeoutException full) {
                return;
            }
        }
    }

    private synchronized WolfApi running() {
        if (api == null) {
            throw new IllegalStateException("This Wolf is stopped");
        }
        return api;
    }

    private static void closeQuietly(@Nullable AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            throw new IllegalStateException("Cannot close " + closeable, e);
        }
    }
}
