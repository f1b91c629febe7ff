package ml.helix.wolf.revdial;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * An in-memory connection with a bounded buffer each way, closed like a socket: the peer reads what was written before
 * and then the end.
 */
final class Pipe {
    final ByteStream left;
    final ByteStream right;

    Pipe(int capacity) {
        Half toRight = new Half(capacity);
        Half toLeft = new Half(capacity);
        left = new Side(toLeft, toRight);
        right = new Side(toRight, toLeft);
    }

    Pipe() {
        this(1 << 20);
    }

    /** Breaks the connection: after what was written before, both sides get this error instead of an end. */
    static void reset(ByteStream side) {
        ((Side) side).out.end("reset");
        ((Side) side).in.end("reset");
    }

    /** How many bytes wait for this side to read them. */
    static int buffered(ByteStream side) {
        synchronized (((Side) side).in) {
            return ((Side) side).in.bytes.size();
        }
    }

    static boolean isClosed(ByteStream side) {
        return ((Side) side).closed;
    }

    /** One direction. Every field is guarded by the object itself. */
    private static final class Half {
        private final int capacity;
        private final Queue<Byte> bytes = new ArrayDeque<>();
        private boolean ended;
        private String error;

        Half(int capacity) {
            this.capacity = capacity;
        }

        synchronized void end(String error) {
            if (!ended) {
                ended = true;
                this.error = error;
                notifyAll();
            }
        }

        synchronized int read(byte[] buffer, int offset, int length, Side side) throws IOException {
            while (bytes.isEmpty() && !ended && !side.closed) {
                await();
            }
            if (side.closed) {
                throw new IOException("closed");
            }
            if (bytes.isEmpty()) {
                if (error != null) {
                    throw new IOException(error);
                }
                return -1;
            }
            int count = 0;
            while (count < length && !bytes.isEmpty()) {
                buffer[offset + count++] = bytes.remove();
            }
            notifyAll();
            return count;
        }

        synchronized void write(byte[] buffer, int offset, int length) throws IOException {
            for (int i = 0; i < length; i++) {
                while (bytes.size() >= capacity && !ended) {
                    await();
                }
                if (ended) {
                    throw new IOException(error == null ? "broken pipe" : error);
                }
                bytes.add(buffer[offset + i]);
                if (bytes.size() == 1) {
                    notifyAll();
                }
            }
        }

        private void await() throws IOException {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        synchronized void wake() {
            notifyAll();
        }
    }

    private static final class Side implements ByteStream {
        private final Half in;
        private final Half out;
        private volatile boolean closed;

        Side(Half in, Half out) {
            this.in = in;
            this.out = out;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return in.read(buffer, offset, length, this);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            out.write(buffer, offset, length);
        }

        @Override
        public void close() {
            closed = true;
            out.end(null);
            in.end(null);
            in.wake();
        }
    }
}
