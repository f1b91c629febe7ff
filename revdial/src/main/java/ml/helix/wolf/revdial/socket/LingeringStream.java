package ml.helix.wolf.revdial.socket;

import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.revdial.ByteStream;

/**
 * A socket as a stream whose {@link #close} destroys no bytes. The kernel resets a socket that is closed with unread
 * input, and a reset discards what the peer has not read yet. So {@code close} ends the output, drops what the peer still
 * sends, and closes the socket when the peer ends, is silent for 5 s, or after 30 s. It drops at most 16 MiB a second.
 *
 * <p>This is done on virtual threads; {@code close} returns at once. A blocked read ends when the peer sends something or
 * ends, at the latest when the socket is closed. If a write is blocked, the peer reads nothing, and the socket is closed at
 * once.
 */
public abstract class LingeringStream implements ByteStream {
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final Duration SILENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(1);
    private static final int PIECE = 16 * 1024;

    private final Duration longest;
    private final Duration silence;
    private final ReentrantLock reading = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch cut = new CountDownLatch(1);

    /** The peer has ended or the socket broke: nothing is left to read. */
    private volatile boolean over;

    private volatile long heardAt;

    protected LingeringStream() {
        this(LONGEST, SILENCE);
    }

    /**
     * @param longest how long the peer may go on sending after {@link #close}
     * @param silence how long it may send nothing
     */
    LingeringStream(Duration longest, Duration silence) {
        this.longest = longest;
        this.silence = silence;
    }

    /** As {@link ByteStream#read}; called by one thread at a time. */
    protected abstract int receive(byte[] buffer, int offset, int length) throws IOException;

    /** As {@link ByteStream#write}; called by one thread at a time. */
    protected abstract void send(byte[] buffer, int offset, int length) throws IOException;

    /** Sends the end of the output. Never waits for the peer. Called while no send runs; none follows. */
    protected abstract void endOutput() throws IOException;

    /** Closes the socket at once, even during a read or write. Idempotent, never fails. */
    protected abstract void cut();

    @Override
    public final int read(byte[] buffer, int offset, int length) throws IOException {
        refuseIfClosed(); // before the lock: the dropping of input holds it
        reading.lock();
        try {
            refuseIfClosed();
            int count = receive(buffer, offset, length);
            heardAt = System.nanoTime();
            over = count < 0;
            refuseIfClosed();
            return count;
        } catch (IOException e) {
            if (!closed.get()) {
                over = true;
            }
            throw e;
        } finally {
            reading.unlock();
        }
    }

    @Override
    public final void write(byte[] buffer, int offset, int length) throws IOException {
        writing.lock();
        try {
            refuseIfClosed();
            send(buffer, offset, length);
        } finally {
            writing.unlock();
        }
    }

    private void refuseIfClosed() throws SocketException {
        if (closed.get()) {
            throw new SocketException("closed");
        }
    }

    @Override
    public final void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (over) {
            finish();
        } else {
            Thread.ofVirtual().name("stream-end").start(this::end);
        }
    }

    @Override
    public final void awaitClosed() throws InterruptedException {
        cut.await();
    }

    private void end() {
        try {
            if (writing.tryLock()) {
                try {
                    endOutput();
                } finally {
                    writing.unlock();
                }
                watch(Thread.ofVirtual().name("stream-drop").start(this::drop));
            }
        } catch (IOException e) {
            // broken: there is nothing left to save
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            finish();
        }
    }

    private void finish() {
        cut();
        cut.countDown();
    }

    /** Waits until the peer has ended, was silent for too long, or sent for too long. */
    private void watch(Thread dropping) throws InterruptedException {
        long start = System.nanoTime();
        heardAt = start;
        while (dropping.isAlive()) {
            long now = System.nanoTime();
            long left = Math.min(longest.toNanos() - (now - start), silence.toNanos() - (now - heardAt));
            if (left <= 0 || dropping.join(Duration.ofNanos(left))) {
                return;
            }
        }
    }

    private void drop() {
        reading.lock(); // a blocked read releases it when something comes
        try {
            byte[] dropped = new byte[PIECE];
            while (!over) {
                int count = receive(dropped, 0, dropped.length);
                heardAt = System.nanoTime();
                over = count < 0;
                if (count == dropped.length) {
                    Thread.sleep(PAUSE);
                }
            }
        } catch (IOException e) {
            over = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            reading.unlock();
        }
    }
}
