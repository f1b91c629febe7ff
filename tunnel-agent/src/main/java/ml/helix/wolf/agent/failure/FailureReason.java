package ml.helix.wolf.agent.failure;

/** Why a tunnel is down, in the words of {@code /status} and of the WolfTunnel's status. */
public enum FailureReason {
    DNS_FAILURE("DnsFailure"),
    CONNECT_FAILURE("ConnectFailure"),
    TLS_FAILURE("TlsFailure"),
    PROXY_FAILURE("ProxyFailure"),
    UNAUTHORIZED("Unauthorized"),
    FORBIDDEN("Forbidden"),
    NOT_FOUND("NotFound"),
    SERVER_ERROR("ServerError"),
    HANDSHAKE_TIMEOUT("HandshakeTimeout"),
    KEEP_ALIVE_TIMEOUT("KeepAliveTimeout"),
    CONNECTION_LOST("ConnectionLost"),
    PROTOCOL_ERROR("ProtocolError"),
    /** Another agent connected with the same id, and the control plane closed this one's connection. */
    DISPLACED("Displaced");

    private final String word;

    FailureReason(String word) {
        this.word = word;
    }

    /** The word in {@code /status}, logs and metrics. */
    public String word() {
        return word;
    }
}
