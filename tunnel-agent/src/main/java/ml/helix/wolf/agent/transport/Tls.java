package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * TLS as a client: checks the certificate's chain and name, and sends the name (SNI). All connections share one context,
 * so they resume one another's sessions. Thread-safe.
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
     * Does the handshake over {@code wire}. The caller guards the wire with a deadline, and cuts it if this throws.
     *
     * @param host the name that the certificate must have
     * @throws TunnelException TlsFailure, saying what is wrong with the certificate
     * @throws IOException if the wire breaks
     */
    public Wire handshake(Wire wire, String host, int port) throws IOException {
        var socket = (SSLSocket) trust.context().getSocketFactory().createSocket(wire.top(), host, port, true);
        SSLParameters parameters = socket.getSSLParameters();
        if (!trust.insecure()) {
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
        return wire.withTls(socket);
    }

    /** Set by hand, because JSSE sends no name without a dot, and services of a cluster have such names. */
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
