package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * Speaks TLS as a client: the certificate's chain and name are checked, the name is sent (SNI), and sessions are
 * resumed, because all connections share one context. Thread-safe.
 */
public final class Tls {
    private final Trust trust;

    public Tls(Trust trust) {
        this.trust = trust;
    }

    void refresh() {
        trust.refresh();
    }

    /**
     * Shakes hands over {@code wire}; the caller guards the wire with a deadline, and cuts it where this throws.
     *
     * @param host the name that the certificate must carry
     * @throws TunnelException TlsFailure, saying what is wrong with the certificate
     * @throws IOException where the wire breaks
     */
    public Wire over(Wire wire, String host, int port) throws IOException {
        var socket = (SSLSocket) trust.context().getSocketFactory().createSocket(wire.top(), host, port, true);
        SSLParameters parameters = socket.getSSLParameters();
        if (!trust.blind()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        serverName(host).ifPresent(name -> parameters.setServerNames(List.of(name)));
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        socket.setSSLParameters(parameters);
        try {
            socket.startHandshake();
        } catch (IOException e) {
            throw TlsProblem.explain(e, host);
        }
        return wire.under(socket);
    }

    /** JSSE itself sends no name without a dot, and a cluster's services have such names. */
    private static Optional<SNIHostName> serverName(String host) {
        if (Resolver.literal(host).isPresent()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new SNIHostName(host));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
