package ml.helix.wolf.controlplane;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.revdial.ByteStream;

/**
 * A WebSocket client that can do what a proper one would not: any frame, in any piece, and any end. Its masking keys are
 * zeros, so payloads go as they are. As a {@link ByteStream} it behaves as an agent's data connection does.
 */
final class RawWebSocket implements ByteStream {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    /** What is left of the frame being read. */
    private ByteBuffer rest = ByteBuffer.allocate(0);

    record Frame(int opcode, boolean fin, byte[] payload) {
        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        int closeCode() {
            return ByteBuffer.wrap(payload).getShort();
        }
    }

    /** The server answered with something else than 101. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;
        final int status;
        final String body;

        Refused(int status, String body) {
            super(status + " " + body);
            this.status = status;
            this.body = body;
        }
    }

    private RawWebSocket(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        this.out = socket.getOutputStream();
    }

    static RawWebSocket open(int port, String target, String token) throws IOException {
        return open(port, target, token, 0);
    }

    /** @param receiveBuffer in bytes; small, to see a peer wait; 0 for the system's */
    static RawWebSocket open(int port, String target, String token, int receiveBuffer) throws IOException {
        var socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", port));
        socket.setTcpNoDelay(true);
        var opened = new RawWebSocket(socket);
        String request = "GET " + target + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
        opened.out.write(request.getBytes(StandardCharsets.US_ASCII));
        String head = opened.head();
        int status = Integer.parseInt(head.split(" ")[1]);
        if (status != 101) {
            var length = java.util.regex.Pattern.compile("(?i)content-length: (\\d+)")
                    .matcher(head);
            byte[] body = length.find() ? opened.in.readNBytes(Integer.parseInt(length.group(1))) : new byte[0];
            socket.close();
            throw new Refused(status, new String(body, StandardCharsets.UTF_8));
        }
        if (head.toLowerCase(java.util.Locale.ROOT).contains("sec-websocket-extensions")) {
            throw new IOException("an extension was agreed to: " + head);
        }
        return opened;
    }

    private String head() throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        return head.toString();
    }

    /** Waits for the next frame of any kind. */
    Frame next() throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        if (length > 127) {
            throw new IOException("a server must not mask");
        }
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = Math.toIntExact(in.readLong());
        }
        return new Frame(first & 15, first > 127, in.readNBytes(length));
    }

    /** Waits for the next data frame; answers pings meanwhile. Null at the end, whichever way it comes. */
    Frame nextData() throws IOException {
        while (true) {
            Frame frame;
            try {
                frame = next();
            } catch (EOFException | SocketException e) {
                return null;
            }
            switch (frame.opcode) {
                case PING -> send(PONG, true, frame.payload);
                case PONG -> {}
                case CLOSE -> {
                    return null;
                }
                default -> {
                    return frame;
                }
            }
        }
    }

    void send(int opcode, boolean fin, byte[] payload) throws IOException {
        bytes(frame(opcode, fin, payload));
    }

    static byte[] frame(int opcode, boolean fin, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        frame.put((byte) (opcode | (fin ? 128 : 0)));
        if (payload.length < 126) {
            frame.put((byte) (128 | payload.length));
        } else if (payload.length < 65536) {
            frame.put((byte) 254).putShort((short) payload.length);
        } else {
            frame.put((byte) 255).putLong(payload.length);
        }
        frame.putInt(0).put(payload).flip();
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }

    /** Sends bytes that may or may not be a frame. */
    void bytes(byte[] bytes) throws IOException {
        writing.lock();
        try {
            out.write(bytes);
        } finally {
            writing.unlock();
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        while (!rest.hasRemaining()) {
            Frame frame = nextData();
            if (frame == null) {
                return -1;
            }
            rest = ByteBuffer.wrap(frame.payload);
        }
        int count = Math.min(length, rest.remaining());
        rest.get(buffer, offset, count);
        return count;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        send(BINARY, true, java.util.Arrays.copyOfRange(buffer, offset, offset + length));
    }

    /** A bare FIN, nothing said. */
    void shutdown() throws IOException {
        socket.shutdownOutput();
    }

    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** A close frame, then the end; what the peer still sends is read, so that nothing of ours is lost. */
    @Override
    public void close() {
        try (socket) {
            send(CLOSE, true, new byte[] {3, (byte) 232});
            socket.shutdownOutput();
        } catch (SocketException e) {
            // The server was first.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
