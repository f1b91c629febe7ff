package ml.helix.wolf.controlplane.replica;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * One TLS connection between two replicas, as frames: a byte for the kind, two for the length, the payload. One thread reads
 * at a time; writes of several threads don't mix.
 */
final class PeerConnection implements Closeable {
    static final int MESSAGE = 'm';
    static final int DATA = 'd';
    /** No data follows: the stream ended in order. */
    static final int END = 'e';
    /** No data follows: the stream broke. */
    static final int BROKEN = 'b';

    static final int MAX_PAYLOAD = 0xffff;
    private static final int HEADER = 3;
    private static final int BUFFER = 8 * 1024;

    private final Socket socket;
    /** The id of the replica at the other end, as its certificate says. */
    final String peer;

    private final DataInputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    private byte[] frame = new byte[1024]; // guarded by writing
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile Runnable onClose = () -> {};
    // Both belong to the reading thread.
    private int kind;
    private int left;

    /** @param socket beneath {@code tls} */
    PeerConnection(Socket socket, SSLSocket tls, String peer) throws IOException {
        this.socket = socket;
        this.peer = peer;
        this.in = new DataInputStream(new BufferedInputStream(tls.getInputStream(), BUFFER));
        this.out = tls.getOutputStream();
    }

    /** @param action runs after the first {@link #close}; set it before another thread may close */
    void onClose(Runnable action) {
        onClose = action;
    }

    void send(PeerMessage message) throws IOException {
        byte[] payload = PeerCodec.encode(message);
        send(MESSAGE, payload, 0, payload.length);
    }

    void send(int frameKind, byte[] payload, int offset, int length) throws IOException {
        if (length > MAX_PAYLOAD) {
            throw new IllegalArgumentException("a frame of " + length + " bytes");
        }
        writing.lock();
        try {
            if (frame.length < HEADER + length) {
                frame = new byte[HEADER + length];
            }
            frame[0] = (byte) frameKind;
            frame[1] = (byte) (length >> 8);
            frame[2] = (byte) length;
            System.arraycopy(payload, offset, frame, HEADER, length);
            out.write(frame, 0, HEADER + length); // at once, so that it is one TLS record if it fits
        } finally {
            writing.unlock();
        }
    }

    /**
     * Waits for the next message that this version knows.
     *
     * @throws IOException also if something else comes, or the end
     */
    PeerMessage receive() throws IOException {
        while (true) {
            int next = nextFrame();
            if (next != MESSAGE) {
                throw new ProtocolException("a replica sent a frame of kind " + next + " in place of a message");
            }
            byte[] payload = new byte[left];
            in.readFully(payload);
            left = 0;
            @Nullable PeerMessage message = PeerCodec.decode(payload);
            if (message != null) {
                return message;
            }
        }
    }

    /** Waits for a frame if the last one is read to its end. Returns its kind. */
    int nextFrame() throws IOException {
        while (left == 0) {
            kind = in.readUnsignedByte();
            left = in.readUnsignedShort();
            if (kind != DATA && kind != MESSAGE || left > 0) {
                break;
            }
        }
        return kind;
    }

    /** Reads of the current frame's payload; at least one byte. */
    int readPayload(byte[] buffer, int offset, int length) throws IOException {
        int count = in.read(buffer, offset, Math.min(length, left));
        if (count < 0) {
            throw new IOException("the connection to replica " + peer + " broke");
        }
        left -= count;
        return count;
    }

    /** How long a read waits, in milliseconds; 0 for ever. */
    void setReadTimeout(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    /** Cuts it. Idempotent. */
    @Override
    public void close() {
        try {
            socket.close(); // without TLS' own close, which could block behind a write that waits
        } catch (IOException e) {
            // closed is closed
        }
        if (closed.compareAndSet(false, true)) {
            onClose.run();
        }
    }
}
