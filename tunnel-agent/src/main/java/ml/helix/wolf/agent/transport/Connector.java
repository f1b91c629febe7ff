package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.program.ListenAddress;

/**
 * Opens connections to the control plane, through a proxy and with TLS if they are configured. Control and data
 * connections take the same way. Thread-safe.
 */
public final class Connector {
    /**
     * How long an address may leave a connect unanswered: four packets of TCP. A pod's address that is gone drops them; the
     * next attempt finds the new one.
     */
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final ControlPlaneUrl url;
    private final Optional<Proxy> proxy;
    private final Tls tls;
    private final Resolver resolver;
    private final Duration connectTimeout;

    public Connector(ControlPlaneUrl url, Optional<Proxy> proxy, Tls tls, Resolver resolver) {
        this(url, proxy, tls, resolver, CONNECT_TIMEOUT);
    }

    Connector(ControlPlaneUrl url, Optional<Proxy> proxy, Tls tls, Resolver resolver, Duration connectTimeout) {
        this.url = url;
        this.proxy = proxy;
        this.tls = tls;
        this.resolver = resolver;
        this.connectTimeout = connectTimeout;
    }

    public ControlPlaneUrl url() {
        return url;
    }

    public Optional<Proxy> proxy() {
        return proxy;
    }

    /** Reads the CA file again. */
    public void refresh() {
        tls.refresh();
    }

    /** As {@link #connect(Deadline, Hop.Observer)}, without an observer. */
    public Wire connect(Deadline deadline) throws TunnelException {
        return connect(deadline, (hop, detail) -> {});
    }

    /**
     * Connects up to the point where the control plane expects an HTTP request.
     *
     * @throws TunnelException with the reason and what to do; nothing is left open
     */
    public Wire connect(Deadline deadline, Hop.Observer observer) throws TunnelException {
        Wire wire = proxy.isPresent()
                ? throughProxy(proxy.get(), deadline, observer)
                : dial(url.host(), url.port(), "the control plane", FailureReason.CONNECT_FAILURE, deadline, observer);
        if (!url.secure()) {
            return wire;
        }
        Wire top = guarded(
                wire,
                deadline,
                FailureReason.TLS_FAILURE,
                "TLS with " + url.host(),
                () -> tls.handshake(wire, url.host(), url.port()));
        observer.passed(Hop.TLS, () -> described(top));
        return top;
    }

    private Wire throughProxy(Proxy way, Deadline deadline, Hop.Observer observer) throws TunnelException {
        Wire wire = dial(way.host(), way.port(), "the proxy", FailureReason.PROXY_FAILURE, deadline, observer);
        Wire top = guarded(wire, deadline, FailureReason.PROXY_FAILURE, "the proxy " + way, () -> {
            Wire toProxy = way.secure() ? tls.handshake(wire, way.host(), way.port()) : wire;
            ProxyConnect.open(toProxy, way, url.endpoint());
            return toProxy;
        });
        observer.passed(Hop.PROXY, () -> way + " opened a tunnel to " + url.endpoint());
        return top;
    }

    private Wire dial(String host, int port, String who, FailureReason reason, Deadline deadline, Hop.Observer observer)
            throws TunnelException {
        List<InetSocketAddress> addresses = resolve(host, port, reason, deadline);
        observer.passed(Hop.NAME, () -> host + " is " + written(addresses));
        try {
            Socket socket = TcpDial.connect(addresses, deadline.atMost(connectTimeout));
            var address = new InetSocketAddress(socket.getInetAddress(), socket.getPort());
            observer.passed(Hop.CONNECT, () -> who + " at " + ListenAddress.show(address) + " accepts connections");
            return new Wire(socket, socket);
        } catch (IOException e) {
            throw new TunnelException(
                    reason, "cannot connect to " + who + " at " + host + ":" + port + ": " + why(e), e);
        }
    }

    private List<InetSocketAddress> resolve(String host, int port, FailureReason reason, Deadline deadline)
            throws TunnelException {
        try {
            return resolver.resolve(host, port, deadline);
        } catch (TunnelException e) {
            throw reason == FailureReason.PROXY_FAILURE
                    ? new TunnelException(reason, "the proxy is not found: " + e.getMessage(), e)
                    : e;
        }
    }

    private static String written(List<InetSocketAddress> addresses) {
        return addresses.stream()
                .map(address -> address.getAddress().getHostAddress())
                .collect(Collectors.joining(", "));
    }

    private static String why(IOException failure) {
        return switch (failure) {
            case SocketTimeoutException late -> "timed out; does a firewall drop the packets?";
            case NoRouteToHostException nowhere -> "no route to it; check the network and the address";
            default -> failure.getMessage() + "; is it running, and is the port right?";
        };
    }

    /** One hop over a wire. */
    private interface Step {
        Wire take() throws IOException;
    }

    /** Takes one step within the deadline. If it fails, cuts the wire and throws the reason. */
    private static Wire guarded(Wire wire, Deadline deadline, FailureReason broken, String what, Step step)
            throws TunnelException {
        boolean done = false;
        try (var _ = deadline.guard(wire::cut)) {
            Wire top = step.take();
            done = true;
            return top;
        } catch (TunnelException e) {
            throw e;
        } catch (IOException e) {
            throw deadline.hasPassed()
                    ? new TunnelException(
                            broken == FailureReason.PROXY_FAILURE ? broken : FailureReason.HANDSHAKE_TIMEOUT,
                            what + ": no answer in time",
                            e)
                    : new TunnelException(broken, what + ": the connection broke (" + e.getMessage() + ")", e);
        } finally {
            if (!done) {
                wire.cut();
            }
        }
    }

    private static String described(Wire wire) {
        return wire.top() instanceof SSLSocket socket
                ? socket.getSession().getProtocol() + ", " + socket.getSession().getCipherSuite()
                : "none";
    }
}
