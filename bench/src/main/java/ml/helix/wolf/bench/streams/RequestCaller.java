package ml.helix.wolf.bench.streams;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.SocketFactory;

/** One HTTP connection of a caller, with as little work for each request as possible. */
public final class RequestCaller implements Closeable {
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final Socket socket;
    private final InputStream in;
    private final byte[] request;

    /** @param sockets of TLS or of TCP */
    RequestCaller(SocketFactory sockets, InetSocketAddress to, String adminToken) throws IOException {
        socket = sockets.createSocket(to.getHostString(), to.getPort());
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        request = ("GET /api/v1/wolf-instances/wolf-bench/proxy/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                        + adminToken + END_OF_HEAD)
                .getBytes(ISO_8859_1);
    }

    /** Sends a request and reads its response, {@code 200} with {@code ok}. */
    public void request() throws IOException {
        socket.getOutputStream().write(request);
        var head = new StringBuilder();
        while (head.length() < END_OF_HEAD.length()
                || !head.substring(head.length() - END_OF_HEAD.length()).equals(END_OF_HEAD)) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the connection ended after: " + head);
            }
            head.append((char) next);
        }
        String body = new String(in.readNBytes(2), ISO_8859_1);
        if (!head.toString().startsWith("HTTP/1.1 200") || !body.equals("ok")) {
            throw new IOException("the proxy answered " + head + body);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
