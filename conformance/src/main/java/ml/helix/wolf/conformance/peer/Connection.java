package ml.helix.wolf.conformance.peer;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The test's end of one WebSocket connection; the other end is under test. Nothing happens by itself: a ping is answered
 * and a byte is read only if the test asks for it.
 *
 * <p>Blocking; a read fails after {@link #PATIENCE}. One thread may read while another one writes.
 */
public final class Connection implements Closeable {

    /** The limit of a read. Only a failing test reaches it, also on a busy machine. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private final Socket socket;
    /** The same, or what is beneath its TLS. */
    private final Socket tcp;

    private final boolean client;
    private final InputStream in;
    private final OutputStream out;
    private final HttpHead head;
    /** The beginning of a control line whose end has not arrived yet. */
    private final ByteArrayOutputStream partialLine = new ByteArrayOutputStream();

    private final Deque<String> lines = new ArrayDeque<>();

    /** How the other end closed the connection. */
    public enum Kind {
        /** A FIN, or TLS's close_notify. */
        FIN,
        /** A reset. */
        RESET
    }

    /**
     * The end of a connection.
     *
     * @param closeCode the code of the close frame before it, if there was one
     */
    public record End(Optional<Integer> closeCode, Kind kind) {}

    private Connection(Socket socket, Socket tcp, boolean client, InputStream in, HttpHead head) throws IOException {
        this.socket = socket;
        this.tcp = tcp;
        this.client = client;
        this.in = in;
        this.out = socket.getOutputStream();
        this.head = head;
    }

    /** The server's end: waits for the head of the request. */
    static Connection accepted(Socket socket) throws IOException {
        prepare(socket);
        var in = new BufferedInputStream(socket.getInputStream(), 4096);
        return new Connection(socket, socket, false, in, HttpHead.read(in));
    }

    /**
     * The client's end: sends the bytes of a request and waits for the head of the response.
     *
     * @param tcp what is beneath the TLS of {@code socket}, or {@code socket} itself
     */
    static Connection opened(Socket socket, Socket tcp, String request) throws IOException {
        prepare(socket);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        var in = new BufferedInputStream(socket.getInputStream(), 4096);
        return new Connection(socket, tcp, true, in, HttpHead.read(in));
    }

    private static void prepare(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) PATIENCE.toMillis());
    }

    /** The request at the server's end, the response at the client's. */
    public HttpHead head() {
        return head;
    }

    public Socket socket() {
        return socket;
    }

    /** Sets the limit of each later read. */
    public Connection patience(Duration patience) throws IOException {
        socket.setSoTimeout((int) patience.toMillis());
        return this;
    }

    // The handshake, at the server's end

    /** Accepts: 101, as a Go server writes it. */
    public Connection accept() throws IOException {
        return raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + acceptKey() + "\r\n\r\n");
    }

    /** The value of Sec-WebSocket-Accept for this handshake's key (RFC 6455, section 4.2.2). */
    public String acceptKey() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1")
                    .digest((head.header("Sec-WebSocket-Key").orElse("") + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** Refuses: a status other than 101, an empty body, then a FIN. Each header is {@code Name: value}. */
    public void answer(int status, String... headers) throws IOException {
        String lines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
        raw("HTTP/1.1 " + status + " As Scripted\r\n" + lines + "Content-Length: 0\r\nConnection: close\r\n\r\n");
        close();
    }

    // Sending

    /** Sends exactly these bytes, in one write. */
    public Connection raw(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
        return this;
    }

    public Connection raw(String text) throws IOException {
        return raw(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a frame, masked if this is the client's end. */
    public Connection send(Frame frame) throws IOException {
        return raw(frame.masked(client).bytes());
    }

    public Connection binary(byte[] payload) throws IOException {
        return send(Frame.of(Frame.BINARY, payload));
    }

    public Connection binary(String payload) throws IOException {
        return binary(payload.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a control line, ended by {@code \n}, in a message of its own. */
    public Connection line(String json) throws IOException {
        return binary(json + "\n");
    }

    public Connection keepAlive() throws IOException {
        return line("{\"command\":\"keep-alive\"}");
    }

    /** Sends a conn-ready as Go's JSON writes it, with {@code &} escaped. */
    public Connection connReady(String connPath) throws IOException {
        return line("{\"command\":\"conn-ready\",\"connPath\":\"" + connPath.replace("&", "\\u0026") + "\"}");
    }

    /** Ends the outgoing direction; the other one stays open. */
    public void fin() throws IOException {
        socket.shutdownOutput();
    }

    /** Resets the connection. */
    public void reset() throws IOException {
        tcp.setSoLinger(true, 0);
        tcp.close();
    }

    // Receiving

    /** The body of a request with a Content-Length, as text. */
    public String body() throws IOException {
        int length = Integer.parseInt(head.header("Content-Length").orElse("0"));
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("the body ended after " + body.length + " of " + length + " bytes");
        }
        return new String(body, StandardCharsets.UTF_8);
    }

    /** The next frame of any kind. */
    public Frame frame() throws IOException {
        return Frame.read(in);
    }

    /** The next frame with this opcode; frames before it are dropped. */
    public Frame frame(int opcode) throws IOException {
        long deadline = deadline();
        while (true) {
            Frame frame = frame();
            if (frame.opcode() == opcode) {
                return frame;
            }
            checkPatience(deadline);
        }
    }

    private long deadline() throws IOException {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(socket.getSoTimeout());
    }

    /** Limits the wait as a whole: frames of other kinds may come without end. */
    private static void checkPatience(long deadline) throws SocketTimeoutException {
        if (System.nanoTime() > deadline) {
            throw new SocketTimeoutException("only other frames came");
        }
    }

    /** The next control line without its {@code \n}; the messages' boundaries don't matter. */
    public String line() throws IOException {
        long deadline = deadline();
        while (lines.isEmpty()) {
            checkPatience(deadline);
            Frame frame = frame();
            if (frame.opcode() == Frame.CLOSE) {
                throw new EOFException("closed with " + frame.closeCode() + " before the next line");
            }
            if (frame.opcode() <= Frame.BINARY) {
                partialLine.writeBytes(frame.payload());
                String text = partialLine.toString(StandardCharsets.UTF_8);
                int end = text.lastIndexOf('\n');
                if (end >= 0) {
                    lines.addAll(Arrays.asList(text.substring(0, end).split("\n", -1)));
                    partialLine.reset();
                    partialLine.writeBytes(text.substring(end + 1).getBytes(StandardCharsets.UTF_8));
                }
            }
        }
        return lines.removeFirst();
    }

    /** At least this many bytes of the stream; more if the last message holds more. */
    public byte[] read(int atLeast) throws IOException {
        var bytes = new ByteArrayOutputStream();
        while (bytes.size() < atLeast) {
            Frame frame = frame();
            if (frame.opcode() == Frame.CLOSE) {
                throw new EOFException("closed with " + frame.closeCode() + " after " + bytes.size() + " bytes");
            }
            if (frame.opcode() <= Frame.BINARY) {
                bytes.writeBytes(frame.payload());
            }
        }
        return bytes.toByteArray();
    }

    /** All bytes of the stream up to its end: a close frame, a FIN or a reset. */
    public byte[] readToEnd() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try {
            while (true) {
                Frame frame = frame();
                if (frame.opcode() == Frame.CLOSE) {
                    return bytes.toByteArray();
                }
                if (frame.opcode() <= Frame.BINARY) {
                    bytes.writeBytes(frame.payload());
                }
            }
        } catch (EOFException | SocketException e) {
            return bytes.toByteArray();
        }
    }

    /** Waits for the end of the connection; everything before it is dropped. */
    public End end() throws IOException {
        Optional<Integer> code = Optional.empty();
        while (true) {
            try {
                Frame frame = frame();
                if (frame.opcode() == Frame.CLOSE) {
                    code = Optional.of(frame.closeCode());
                }
            } catch (EOFException e) {
                return new End(code, Kind.FIN);
            } catch (SocketException e) {
                return new End(code, Kind.RESET);
            }
        }
    }

    /** Closes without a close frame: a FIN, or a reset if input is left unread. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
