package ml.helix.wolf.conformance.peer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * An agent that the test scripts: it opens connections to a control plane, and the test does all the rest. Immutable.
 *
 * @param tls puts TLS on a new connection; empty for none
 */
public record ScriptedAgent(InetSocketAddress server, List<String> headers, Optional<SSLContext> tls) {

    /** An agent that sends this token and no other header of its own. */
    public static ScriptedAgent withToken(InetSocketAddress server, String token) {
        return new ScriptedAgent(server, List.of("Authorization: Bearer " + token), Optional.empty());
    }

    /** The same agent with TLS. */
    public ScriptedAgent over(SSLContext context) {
        return new ScriptedAgent(server, headers, Optional.of(context));
    }

    /** The same agent with these headers instead, each {@code Name: value}. */
    public ScriptedAgent with(String... instead) {
        return new ScriptedAgent(server, List.of(instead), tls);
    }

    /** Sends a WebSocket handshake; the connection's head has the response. */
    public Connection open(String target) throws IOException {
        return send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + (headers.isEmpty() ? "" : String.join("\r\n", headers) + "\r\n") + "\r\n");
    }

    /** Sends exactly these bytes as the request. */
    public Connection send(String request) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(server, (int) Connection.PATIENCE.toMillis());
            return Connection.opened(tls.isPresent() ? withTls(tls.get(), socket) : socket, socket, request);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Puts TLS on a connected socket. */
    public static Socket withTls(SSLContext context, Socket socket) throws IOException {
        var secured = (SSLSocket)
                context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), /* autoClose= */ true);
        secured.startHandshake();
        return secured;
    }
}
