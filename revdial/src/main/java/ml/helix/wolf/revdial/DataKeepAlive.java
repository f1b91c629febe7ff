package ml.helix.wolf.revdial;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Decides when one end of a data connection sends a ping, and when the other end has vanished. It sends nothing itself.
 *
 * <p>A ping is due when nothing was sent for {@link #PING_INTERVAL} and a read has waited that long for bytes; else when nothing
 * was sent for {@link #LONGEST_WITHOUT_SENDING}. The reason: the other end may have closed its socket while its kernel still
 * sends what is queued (Helix's programs do at once, this project's if their peer is silent). A ping that comes after that makes
 * the kernel drop those bytes, so none is sent while bytes come.
 *
 * <p>An unanswered ping ends nothing by itself: Go's peers answer only while they read, and they don't read while their own
 * side takes nothing. The other end has vanished if a read has waited for {@link #SILENCE} without a byte although bytes had
 * to come:
 *
 * <ul>
 *   <li>it has {@linkplain #HEADER promised} pings, as this project's programs do, or
 *   <li>it has answered a ping that was sent after the last data, so it has read everything and is waiting for more.
 * </ul>
 *
 * TCP keep-alive does not notice that, because the kernel sends no probe while a ping waits for its acknowledgement.
 *
 * <p>Thread-safe.
 */
public final class DataKeepAlive {
    public static final Duration PING_INTERVAL = Duration.ofSeconds(15);

    /**
     * Less than {@link #SILENCE}, with time for a lost packet to be sent again, and than the 60 s after which some load balancers,
     * nginx among them, cut a connection on which one of the ends sends nothing.
     */
    public static final Duration LONGEST_WITHOUT_SENDING = Duration.ofSeconds(30);

    public static final Duration SILENCE = Duration.ofSeconds(50);

    /** Header of the opening handshake, of either side: I send a ping after this many seconds without sending and receiving. */
    public static final String HEADER = "Wolf-Tunnel-Ping";

    /** Our value of {@link #HEADER}. */
    public static final String PROMISE = String.valueOf(PING_INTERVAL.toSeconds());

    /** What the connection has to do. */
    public enum Step {
        NOTHING,
        /** Send a ping with {@link #nextPing} as its payload. */
        PING,
        /** Cut the connection: the other end has vanished. */
        CUT
    }

    private final boolean promised;
    private final LongSupplier nanoTime;
    private long sentAt; // guarded by this, as is all that follows
    private long heardAt;
    private boolean waiting;
    private long waitingSince;
    private long pings;
    /** The first ping after the last data. */
    private long firstAfterData = 1;

    private boolean answered;

    /**
     * @param promise the other end's {@link #HEADER}, empty if it sent none
     * @param nanoTime in nanoseconds
     */
    public DataKeepAlive(String promise, LongSupplier nanoTime) {
        this.promised = promise.equals(PROMISE);
        this.nanoTime = nanoTime;
        this.sentAt = nanoTime.getAsLong();
        this.heardAt = sentAt;
    }

    /** Whether the other end has promised pings. */
    public boolean isPromised() {
        return promised;
    }

    /** From now on a read waits for bytes. */
    public synchronized void awaitingBytes() {
        waiting = true;
        waitingSince = nanoTime.getAsLong();
        heardAt = waitingSince;
    }

    /** Bytes have come. No read waits until {@link #awaitingBytes} is called. */
    public synchronized void bytesReceived() {
        waiting = false;
    }

    /** A control frame has come while a read waits. */
    public synchronized void controlFrameReceived() {
        heardAt = nanoTime.getAsLong();
    }

    /** A pong has come while a read waits. */
    public synchronized void pongReceived(ByteBuffer payload) {
        controlFrameReceived();
        if (payload.remaining() == Long.BYTES && payload.getLong(payload.position()) >= firstAfterData) {
            answered = true;
        }
    }

    /** Data was sent, or is about to be. */
    public synchronized void dataSent() {
        sentAt = nanoTime.getAsLong();
        firstAfterData = pings + 1;
        answered = false;
    }

    /** The payload of the next ping, which is about to be sent. */
    public synchronized byte[] nextPing() {
        sentAt = nanoTime.getAsLong();
        return ByteBuffer.allocate(Long.BYTES).putLong(++pings).array();
    }

    /** What to do now. */
    public synchronized Step nextStep() {
        long now = nanoTime.getAsLong();
        if (waiting && (promised || answered) && now - heardAt >= SILENCE.toNanos()) {
            return Step.CUT;
        }
        return untilPing(now) <= 0 ? Step.PING : Step.NOTHING;
    }

    /** How long to wait before the next call of {@link #nextStep}; at least a millisecond. */
    public synchronized Duration untilNextStep() {
        long now = nanoTime.getAsLong();
        long left = Math.min(untilPing(now), PING_INTERVAL.toNanos());
        if (waiting && now - heardAt < SILENCE.toNanos()) {
            left = Math.min(left, SILENCE.toNanos() - (now - heardAt));
        }
        return Duration.ofNanos(Math.max(left, 1_000_000));
    }

    /** Nanoseconds until a ping is due if nothing happens. */
    private long untilPing(long now) {
        long quiet = now - sentAt;
        long longest = LONGEST_WITHOUT_SENDING.toNanos() - quiet;
        return waiting ? Math.min(longest, PING_INTERVAL.toNanos() - Math.min(quiet, now - waitingSince)) : longest;
    }
}
