package ml.helix.wolf.conformance.peer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;

/** An agent, as scripted: opens connections to a control plane and leaves everything else to the test. Immutable. */
public record ScriptedAgent(InetSocketAddress server, List<String> headers) {

    /** A client that sends its token, and only that. */
    public static ScriptedAgent withToken(InetSocketAddress server, String token) {
        return new ScriptedAgent(server, List.of("Authorization: Bearer " + token));
    }

    /** The same with these headers instead, each {@code Name: value}. */
    public ScriptedAgent with(String... instead) {
        return new ScriptedAgent(server, List.of(instead));
    }

    /** Asks for a WebSocket; the answer is in the connection's head. */
    public Connection open(String target) throws IOException {
        return send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + (headers.isEmpty() ? "" : String.join("\r\n", headers) + "\r\n") + "\r\n");
    }

    /** Sends these very bytes as the request. */
    public Connection send(String request) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(server, (int) Connection.PATIENCE.toMillis());
            return Connection.opened(socket, request);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
