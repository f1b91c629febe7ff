package ml.helix.wolf.controlplane.revdial;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import ml.helix.wolf.controlplane.http.PeerChannel;
import ml.helix.wolf.websocket.FrameReader;
import ml.helix.wolf.websocket.FrameWriter;

/** An agent at the other end of a data connection, without a socket: sends frames, and keeps what it was sent. */
final class FakePeer implements PeerChannel {
    /** Writes what the agent sends. */
    final FrameWriter agent = FrameWriter.masked(this::send);

    // All guarded by this.
    private final Deque<Byte> input = new ArrayDeque<>();
    private final List<Byte> output = new ArrayList<>();
    private boolean ended;
    private boolean reset;
    private boolean holding;
    private int held;
    private boolean outputEnded;
    private boolean closed;
    private boolean reading;

    private synchronized void send(ByteBuffer... parts) {
        for (ByteBuffer part : parts) {
            while (part.hasRemaining()) {
                input.add(part.get());
            }
        }
        notifyAll();
    }

    void sendRaw(int... bytes) {
        var raw = ByteBuffer.allocate(bytes.length);
        for (int one : bytes) {
            raw.put((byte) one);
        }
        send(raw.flip());
    }

    /** A FIN. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    synchronized void reset() {
        reset = true;
        notifyAll();
    }

    synchronized boolean isRead() {
        return reading;
    }

    /** Whether it takes no bytes. */
    synchronized void hold(boolean now) {
        holding = now;
        notifyAll();
    }

    synchronized int held() {
        return held;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized boolean hasEndedOutput() {
        return outputEnded;
    }

    synchronized boolean hasInput() {
        return !input.isEmpty();
    }

    /** What it has got, in the order of arrival: {@code text}, {@code <ping>}, {@code <pong payload>}; {@code <close code>} at the end. */
    List<String> got() {
        byte[] bytes;
        synchronized (this) {
            bytes = new byte[output.size()];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = output.get(i);
            }
        }
        List<String> got = new ArrayList<>();
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        var reader = new FrameReader(
                target -> {
                    if (!rest.hasRemaining()) {
                        return -1;
                    }
                    target.put(rest.get());
                    return 1;
                },
                false,
                ping -> got.add("<ping>"),
                pong -> got.add("<pong " + new String(pong, StandardCharsets.UTF_8) + ">"),
                () -> true,
                text -> {
                    got.add(text);
                    return false;
                });
        try {
            var data = new StringBuilder();
            for (ByteBuffer piece = reader.next(); piece != null; piece = reader.next()) {
                data.append(StandardCharsets.UTF_8.decode(piece));
            }
            if (!data.isEmpty()) {
                got.add(data.toString());
            }
            if (reader.endedByCloseFrame()) {
                got.add("<close " + reader.closeCode() + ">");
            }
        } catch (EOFException e) {
            return got;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return got;
    }

    @Override
    public synchronized int read(ByteBuffer target) throws IOException {
        reading = true;
        while (input.isEmpty() && !ended && !reset && !closed) {
            await();
        }
        reading = false;
        if (closed) {
            throw new AsynchronousCloseException();
        }
        if (input.isEmpty()) {
            if (reset) {
                throw new IOException("Connection reset");
            }
            return -1;
        }
        int count = 0;
        while (target.hasRemaining() && !input.isEmpty()) {
            target.put(input.remove());
            count++;
        }
        return count;
    }

    @Override
    public synchronized void write(ByteBuffer... parts) throws IOException {
        held++;
        notifyAll();
        while (holding && !closed) {
            await();
        }
        held--;
        if (closed) {
            throw new AsynchronousCloseException();
        }
        for (ByteBuffer part : parts) {
            while (part.hasRemaining()) {
                output.add(part.get());
            }
        }
    }

    private void await() {
        try {
            wait();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public synchronized void shutdownOutput() {
        outputEnded = true;
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
