package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;

/** The CONNECT request to a proxy (RFC 9110, section 9.3.6). */
final class ProxyConnect {
    private ProxyConnect() {}

    /**
     * Returns when the proxy has connected the wire to {@code endpoint}.
     *
     * @param endpoint {@code host:port}
     * @throws TunnelException ProxyFailure if the proxy refuses
     * @throws IOException if the wire breaks
     */
    static void open(Wire wire, Proxy proxy, String endpoint) throws IOException {
        var request = new StringBuilder("CONNECT " + endpoint + " HTTP/1.1\r\nHost: " + endpoint + "\r\n");
        proxy.credentials().ifPresent(basic -> request.append("Proxy-Authorization: Basic ")
                .append(basic.reveal())
                .append("\r\n"));
        wire.output().write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        wire.output().flush();
        ResponseHead answer;
        try {
            // a buffer of one byte: the bytes after the head are the control plane's
            answer = ResponseHead.read(new BufferedSource(wire.input()::read, 1));
        } catch (ProtocolException e) {
            throw new TunnelException(
                    FailureReason.PROXY_FAILURE, "the proxy " + proxy + " does not speak HTTP: " + e.getMessage(), e);
        }
        if (answer.status() / 100 != 2) {
            throw new TunnelException(FailureReason.PROXY_FAILURE, refusal(answer.status(), proxy, endpoint));
        }
    }

    private static String refusal(int status, Proxy proxy, String endpoint) {
        String prefix = "the proxy " + proxy + " answered " + status + " to CONNECT " + endpoint + ": ";
        return prefix
                + switch (status) {
                    case 407 ->
                        proxy.credentials().isPresent()
                                ? "it does not accept the user and password in its URL"
                                : "it wants a user and a password; put them into its URL";
                    case 403, 405 -> "it does not allow this tunnel; ask who runs it, or name the host in NO_PROXY";
                    case 502, 503, 504 -> "it does not reach the control plane";
                    default -> "no tunnel";
                };
    }
}
