package ml.helix.wolf.controlplane;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.revdial.ByteStream;

/**
 * A WebSocket client that can send any frame, valid or not, in any pieces, and end in any way. Its masking keys are zeros, so
 * payloads are sent unchanged. As a {@link ByteStream} it is an agent's data connection.
 */
final class RawWebSocket implements ByteStream {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    /** Unread payload of the last frame. */
    private ByteBuffer unread = ByteBuffer.allocate(0);

    record Frame(int opcode, boolean fin, byte[] payload) {
        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        int closeCode() {
            return ByteBuffer.wrap(payload).getShort();
        }
    }

    /** The control plane responded with another status than 101. */
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

    /** @param receiveBuffer in bytes; a small one makes the control plane wait soon; 0 for the system's default */
    static RawWebSocket open(int port, String target, String token, int receiveBuffer) throws IOException {
        var socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.setTcpNoDelay(true);
        var opened = new RawWebSocket(socket);
        String request = "GET " + target + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
        opened.out.write(request.getBytes(StandardCharsets.US_ASCII));
        String head = RawHttp.readHead(opened.in);
        int status = Integer.parseInt(head.split(" ")[1]);
        if (status != 101) {
            Matcher length = CONTENT_LENGTH.matcher(head);
            byte[] body = length.find() ? opened.in.readNBytes(Integer.parseInt(length.group(1))) : new byte[0];
            socket.close();
            throw new Refused(status, new String(body, StandardCharsets.UTF_8));
        }
        if (head.toLowerCase(Locale.ROOT).contains("sec-websocket-extensions")) {
            throw new IOException("the control plane accepted an extension: " + head);
        }
        return opened;
    }

    /** Waits for the next frame of any kind. */
    Frame next() throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        if (length > 127) {
            throw new IOException("the control plane sent a masked frame");
        }
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = Math.toIntExact(in.readLong());
        }
        return new Frame(first & 15, first > 127, in.readNBytes(length));
    }

    /** Waits for the next data frame, and answers pings meanwhile. Null when the connection has ended, with a close frame or without. */
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
        while (!unread.hasRemaining()) {
            Frame frame = nextData();
            if (frame == null) {
                return -1;
            }
            unread = ByteBuffer.wrap(frame.payload);
        }
        int count = Math.min(length, unread.remaining());
        unread.get(buffer, offset, count);
        return count;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        send(BINARY, true, Arrays.copyOfRange(buffer, offset, offset + length));
    }

    /** Sends a FIN without a close frame. */
    void shutdown() throws IOException {
        socket.shutdownOutput();
    }

    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /**
     * Sends a close frame and a FIN, and reads on to the end. With unread input, for example a ping, the kernel would reset the
     * connection, and destroy what the other side has not read yet.
     */
    void closeAndReadToEnd() throws IOException {
        send(CLOSE, true, new byte[] {3, (byte) 232});
        socket.shutdownOutput();
        socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        socket.close();
    }

    /** Sends a close frame and a FIN. */
    @Override
    public void close() {
        try (socket) {
            send(CLOSE, true, new byte[] {3, (byte) 232});
            socket.shutdownOutput();
        } catch (SocketException e) {
            // The control plane has closed the connection already.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
