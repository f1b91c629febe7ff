package ml.helix.wolf.controlplane.http;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.RetryPause;
import ml.helix.wolf.revdial.socket.TcpKeepAlive;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty with a virtual thread for each request, so that handlers may block for as long as a stream lasts. Serves from
 * {@link #start} until {@link #close}. Thread safe.
 */
public final class WebServer implements AutoCloseable {
    /** Connections that wait to be accepted: what may come at once while the processors are busy. */
    private static final int ACCEPT_QUEUE = 4096;

    private static final Duration IDLE_THREAD = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(WebServer.class);

    /** Wolf's head may have 64 KiB, and each of its fields gets up to two bytes longer here. */
    private static final int RESPONSE_HEAD = 128 * 1024;

    /** The largest buffer that Jetty's pool keeps. A response's trailers must fit into it, for heads there are larger ones. */
    private static final int POOLED_BUFFER = 64 * 1024;

    private static final int OUTPUT_BUFFER = 8 * 1024;

    private final InetSocketAddress address;
    private final Server server;
    private final OuterHandler outer;
    private final ServerConnector connector;

    /**
     * @param address where to listen; port 0 lets the system choose
     * @param tls the certificate; without it, HTTP is served without TLS
     * @param authorised whether a request carries a valid token, whatever it asks for. A connection that has brought none
     *     is bounded by the {@link AdmissionGate} and closed after its response
     * @param handler may block; {@link OuterHandler} makes answers of what it throws
     * @throws IOException if the certificate can't be read
     */
    public WebServer(
            InetSocketAddress address,
            Optional<CertificateFiles> tls,
            Predicate<HttpFields> authorised,
            Request.Handler handler)
            throws IOException {
        this.address = address;
        var threads = new QueuedThreadPool();
        threads.setName("http");
        // Reserved threads are platform threads that would run handlers in place of virtual ones.
        threads.setReservedThreads(0);
        // A storm of connections needs many for a moment, and each keeps memory.
        threads.setIdleTimeout((int) IDLE_THREAD.toMillis());
        threads.setMaxEvictCount(Integer.MAX_VALUE);
        Executor virtual = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("request-", 0).factory());
        threads.setVirtualThreadsExecutor(virtual);
        server = new Server(threads);
        server.setErrorHandler(new JsonErrors());
        outer = new OuterHandler(authorised, handler);
        server.setHandler(outer);
        var http = new BoundedHttpConnection.Factory(configuration());
        var connectionThreads = new ConnectionThreads(threads, virtual);
        connector = tls.isEmpty()
                ? new GuardedConnector(server, connectionThreads, AdmissionGate.forThisProcess(), http)
                : new GuardedConnector(
                        server,
                        connectionThreads,
                        AdmissionGate.forThisProcessWithTls(),
                        new TlsConnectionFactory(new ReloadedCertificate(tls.get(), System::nanoTime)),
                        http);
        connector.setHost(address.getAddress().isAnyLocalAddress() ? null : address.getHostString());
        connector.setPort(address.getPort());
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        server.addConnector(connector);
    }

    /** Tells each of them of each request when it is complete. Call it before {@link #start}. */
    public void report(RequestLog... logs) {
        server.setRequestLog(new RequestLog.Collection(logs));
    }

    /**
     * Binds and serves. Call it once, and {@link #close} also after a failure.
     *
     * @throws IOException if the address can't be bound
     */
    public void start() throws IOException {
        try {
            server.start();
        } catch (Exception e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException("cannot listen on " + ListenAddress.show(address) + ": " + cause.getMessage(), e);
        }
    }

    /** Paths are read raw, by the handlers: Wolf's may hold what would be ambiguous if they were files. */
    private static HttpConfiguration configuration() {
        var configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setSendDateHeader(false);
        configuration.setRequestHeaderSize(16 * 1024);
        configuration.setResponseHeaderSize(POOLED_BUFFER);
        configuration.setMaxResponseHeaderSize(RESPONSE_HEAD);
        configuration.setOutputBufferSize(OUTPUT_BUFFER);
        configuration.setUriCompliance(UriCompliance.UNSAFE);
        return configuration;
    }

    /** The port it listens on: the one that the system chose for port 0. */
    public int port() {
        return connector.getLocalPort();
    }

    /** From now on closes each connection after its response, so that callers go elsewhere. */
    public void drain() {
        outer.drain();
    }

    /** Cuts what is under way. Idempotent. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            log.warn("The HTTP server did not stop in order", e);
        }
    }

    /**
     * Runs acceptors and selectors on Jetty's platform threads, and all else on virtual ones. That is Jetty's work for the begin and the
     * end of a connection, which implements {@link Closeable}: waking a platform thread costs more than it does.
     */
    private record ConnectionThreads(Executor platform, Executor virtual)
            implements Executor, VirtualThreads.Configurable {
        @Override
        public void execute(Runnable task) {
            (task instanceof Closeable ? virtual : platform).execute(task);
        }

        @Override
        public Executor getVirtualThreadsExecutor() {
            return virtual;
        }
    }

    /**
     * Accepts when there is room in the {@link AdmissionGate}, puts each connection into it, turns TCP keep-alive on, and waits
     * after a failed accept: Jetty's own wait logs a stack trace each second.
     */
    private static final class GuardedConnector extends ServerConnector {
        private final AdmissionGate gate;
        /** Those that are accepted and have no end point yet. */
        private final Map<SelectableChannel, AdmissionGate.Guest> arriving = new ConcurrentHashMap<>();

        private final RetryPause retry = new RetryPause(System::nanoTime);

        GuardedConnector(Server server, Executor threads, AdmissionGate gate, ConnectionFactory... layers) {
            super(server, threads, null, null, -1, -1, layers);
            this.gate = gate;
            getSelectorManager().addEventListener(new SelectorManager.AcceptListener() {
                @Override
                public void onAcceptFailed(SelectableChannel channel, Throwable cause) {
                    AdmissionGate.Guest guest = arriving.remove(channel);
                    if (guest != null) {
                        guest.leave();
                    }
                }
            });
        }

        @Override
        public void accept(int acceptor) throws IOException {
            try {
                gate.awaitRoom();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the server stops
                return;
            }
            super.accept(acceptor);
        }

        @Override
        protected SocketChannelEndPoint newEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key) {
            var endPoint = new GuardedEndPoint(
                    channel, selector, key, getScheduler(), Objects.requireNonNull(arriving.get(channel)));
            endPoint.setIdleTimeout(getIdleTimeout());
            return endPoint;
        }

        @Override
        protected void onEndPointOpened(EndPoint endPoint) {
            arriving.remove(GuardedEndPoint.under(endPoint).getChannel());
            super.onEndPointOpened(endPoint);
        }

        @Override
        protected void configure(Socket socket) {
            super.configure(socket);
            if (retry.succeeded()) {
                log.info("Connections to port {} are accepted again", getLocalPort());
            }
            try {
                TcpKeepAlive.enable(socket);
            } catch (IOException e) {
                log.debug("No TCP keep-alive for {}", socket, e);
            }
            SocketChannel channel = socket.getChannel();
            arriving.put(channel, gate.enter(socket.getInetAddress(), () -> IO.close(channel)));
        }

        @Override
        protected boolean handleAcceptFailure(Throwable failure) {
            if (!(failure instanceof IOException) || failure instanceof ClosedChannelException || !isRunning()) {
                return super.handleAcceptFailure(failure);
            }
            if (retry.failed(String.valueOf(failure.getMessage()))) {
                log.warn("Connections to port {} can't be accepted: {}", getLocalPort(), failure.getMessage());
            }
            try {
                Thread.sleep(retry.next());
                return true;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
