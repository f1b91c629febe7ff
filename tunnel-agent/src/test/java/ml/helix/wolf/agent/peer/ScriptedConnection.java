package ml.helix.wolf.agent.peer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** The server's end of one connection: it has read the HTTP request, and a test plays the rest. */
public final class ScriptedConnection implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final List<String> head;
    private final StringBuilder lines = new StringBuilder();

    /** A frame from the client, unmasked. */
    public record Frame(int opcode, byte[] payload) {
        public String text() {
            return new String(payload, UTF_8);
        }
    }

    /** An action on a socket. */
    private interface Io<T> {
        T run() throws IOException;
    }

    private ScriptedConnection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        var text = new ByteArrayOutputStream();
        while (!text.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
            text.write(in.readByte());
        }
        this.head = text.toString(ISO_8859_1).lines().toList();
    }

    static ScriptedConnection on(Socket socket) throws IOException {
        return new ScriptedConnection(socket);
    }

    /** Method, target and version. */
    public String requestLine() {
        return head.getFirst();
    }

    /** The request's target. */
    public String target() {
        return requestLine().split(" ")[1];
    }

    /** A header's value, "" if there is none. */
    public String header(String name) {
        String start = name.toLowerCase(Locale.ROOT) + ":";
        return head.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                .map(line -> line.substring(start.length()).strip())
                .findFirst()
                .orElse("");
    }

    /** Accepts the upgrade, with more headers, each {@code Name: value}. */
    public ScriptedConnection upgrade(String... headers) {
        return raw(acceptance(headers));
    }

    /** The bytes of a valid 101 response. */
    public byte[] acceptance(String... headers) {
        return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + accept(header("Sec-WebSocket-Key")) + "\r\n"
                        + String.join(
                                "",
                                List.of(headers).stream().map(h -> h + "\r\n").toList()) + "\r\n")
                .getBytes(ISO_8859_1);
    }

    private static String accept(String key) {
        try {
            byte[] text = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(ISO_8859_1);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Answers with another status, and closes. */
    public void refuse(String status, String... headers) {
        raw(("HTTP/1.1 " + status + "\r\n"
                        + String.join(
                                "",
                                List.of(headers).stream().map(h -> h + "\r\n").toList()) + "Content-Length: 0\r\n\r\n")
                .getBytes(ISO_8859_1));
        close();
    }

    public ScriptedConnection raw(byte[] bytes) {
        return io(() -> {
            socket.getOutputStream().write(bytes);
            return this;
        });
    }

    /** Sends a frame of at most 65,535 bytes, unmasked, as servers do. */
    public ScriptedConnection frame(int opcode, boolean fin, byte[] payload) {
        var frame = new ByteArrayOutputStream();
        frame.write(opcode | (fin ? 0x80 : 0));
        if (payload.length < 126) {
            frame.write(payload.length);
        } else {
            frame.write(126);
            frame.write(payload.length >> 8);
            frame.write(payload.length);
        }
        frame.writeBytes(payload);
        return raw(frame.toByteArray());
    }

    /** Sends a binary message. */
    public ScriptedConnection binary(String text) {
        return frame(2, true, text.getBytes(UTF_8));
    }

    public ScriptedConnection ping(String payload) {
        return frame(9, true, payload.getBytes(UTF_8));
    }

    /** Sends a close frame. */
    public ScriptedConnection closeFrame(int code) {
        return frame(8, true, new byte[] {(byte) (code >> 8), (byte) code});
    }

    /** The client's next frame that is not a ping. */
    public Frame next() {
        Frame frame = frame();
        while (frame.opcode() == 9) {
            frame = frame();
        }
        return frame;
    }

    /** The client's next frame of any kind. */
    public Frame frame() {
        return io(() -> {
            int first = in.readUnsignedByte();
            int second = in.readUnsignedByte();
            if ((second & 0x80) == 0) {
                throw new AssertionError("a client's frame is not masked");
            }
            int seven = second & 0x7f;
            long length = seven == 127 ? in.readLong() : seven == 126 ? in.readUnsignedShort() : seven;
            byte[] key = in.readNBytes(4);
            byte[] payload = in.readNBytes((int) length);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= key[i % 4];
            }
            return new Frame(first & 0x0f, payload);
        });
    }

    /** Whether the client has sent something that no test has read. */
    public boolean hasInput() {
        return io(() -> in.available() > 0);
    }

    /** The client's next line of a control connection. */
    public String line() {
        while (lines.indexOf("\n") < 0) {
            Frame frame = next();
            if (frame.opcode() == 2) {
                lines.append(frame.text());
            } else if (frame.opcode() == 8) {
                throw new AssertionError("the client has closed");
            }
        }
        String line = lines.substring(0, lines.indexOf("\n"));
        lines.delete(0, line.length() + 1);
        return line;
    }

    /** Drops input until the client closes its socket. Returns false if it resets it instead. */
    public boolean awaitEnd() {
        try {
            while (in.read() >= 0) {
                // drop
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Closes so that the client sees a reset. */
    public void reset() {
        io(() -> {
            socket.setSoLinger(true, 0);
            socket.close();
            return this;
        });
    }

    public Socket socket() {
        return socket;
    }

    /** Closes without a close frame: a bare FIN, as Go does. */
    public void fin() {
        close();
    }

    @Override
    public void close() {
        io(() -> {
            if (!socket.isClosed()) {
                socket.setSoTimeout(1); // a TLS socket waits that long for the client's close_notify
            }
            socket.close();
            return this;
        });
    }

    private static <T> T io(Io<T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
