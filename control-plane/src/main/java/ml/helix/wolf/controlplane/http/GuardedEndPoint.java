package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.program.ListenAddress;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An accepted TCP connection: in the {@link AdmissionGate} from its start until it shows a valid token, and with a deadline
 * for the head of each request: Jetty's idle timeout begins anew with each byte. Both also hold for what runs before HTTP,
 * such as a TLS handshake. Thread safe.
 */
final class GuardedEndPoint extends TcpEndPoint {
    /** From the connection's start to the end of its first head. */
    static final Duration FIRST_HEAD = Duration.ofSeconds(10);

    /** From the end of one request to the end of the next one's head. */
    static final Duration NEXT_HEAD = Duration.ofSeconds(30);

    private static final ApiError TOO_SLOW = new ApiError(
            HttpStatus.REQUEST_TIMEOUT_408, "RequestTimeout", "the head of the request took too long to come");
    private static final ApiError EVICTED = new ApiError(
            HttpStatus.SERVICE_UNAVAILABLE_503,
            "TooManyConnections",
            "too many connections without a valid token; this one was the oldest");
    private static final Logger log = LoggerFactory.getLogger(GuardedEndPoint.class);

    private final Scheduler scheduler;
    private final AtomicReference<Scheduler.@Nullable Task> deadline = new AtomicReference<>();
    private final AdmissionGate.Guest guest;
    private volatile boolean admitted;

    GuardedEndPoint(
            SocketChannel channel,
            ManagedSelector selector,
            SelectionKey key,
            Scheduler scheduler,
            AdmissionGate.Guest guest) {
        super(channel, selector, key, scheduler);
        this.scheduler = scheduler;
        this.guest = guest;
    }

    /** The one that a request came by. */
    static GuardedEndPoint of(Request request) {
        return under(request.getConnectionMetaData().getConnection().getEndPoint());
    }

    /** The one that lies under the layers of this one, or is this one. */
    static GuardedEndPoint under(EndPoint endPoint) {
        EndPoint lower = endPoint;
        while (lower instanceof EndPoint.Wrapper wrapper) {
            lower = wrapper.unwrap();
        }
        return (GuardedEndPoint) lower;
    }

    @Override
    public void onOpen() {
        guest.evictBy(() -> refuse(EVICTED));
        schedule(FIRST_HEAD);
        super.onOpen();
    }

    /** The connection has read all that there is, unless some of it came just now or before it read at all. */
    @Override
    protected void needsFillInterest() {
        hasWork(peerHasSent());
        super.needsFillInterest();
    }

    /** The peer doesn't take what is written. */
    @Override
    protected void onIncompleteFlush() {
        hasWork(false);
        super.onIncompleteFlush();
    }

    @Override
    public Runnable onSelected() {
        hasWork(true);
        return super.onSelected();
    }

    /** A request has its thread: what that waits for is not this process' work. */
    void requestBegins() {
        hasWork(false);
    }

    private void hasWork(boolean now) {
        if (!admitted) {
            guest.hasWork(now);
        }
    }

    private boolean peerHasSent() {
        if (admitted) {
            return false;
        }
        try {
            return getChannel() instanceof SocketChannel channel
                    && channel.socket().getInputStream().available() > 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        headIsComplete();
        admit();
        super.onClose(cause);
    }

    /** No more requests come from now on. */
    @Override
    public void upgrade(Connection newConnection) {
        headIsComplete();
        super.upgrade(newConnection);
    }

    /** It has brought a valid token and leaves the gate. Idempotent. */
    void admit() {
        guest.leave();
        admitted = true;
    }

    boolean isAdmitted() {
        return admitted;
    }

    /** Starts the deadline for a head, unless one runs already. */
    void headBegins() {
        if (deadline.get() == null) {
            schedule(NEXT_HEAD);
        }
    }

    void headIsComplete() {
        Scheduler.Task task = deadline.getAndSet(null);
        if (task != null) {
            task.cancel();
        }
    }

    private void schedule(Duration time) {
        Scheduler.Task task = scheduler.schedule(() -> refuse(TOO_SLOW), time.toMillis(), TimeUnit.MILLISECONDS);
        if (!deadline.compareAndSet(null, task)) {
            task.cancel();
        }
    }

    /** Answers if a request has begun, and closes. Never blocks: what the socket doesn't take at once is not sent. */
    private void refuse(ApiError error) {
        if (getRemoteSocketAddress() instanceof InetSocketAddress remote) {
            log.debug("The connection of {} is closed: {}", ListenAddress.show(remote), error.message());
        }
        EndPoint top = top();
        if (top.getConnection() instanceof BoundedHttpConnection http && http.isWithinHead()) {
            byte[] body = error.json();
            String head = "HTTP/1.1 " + error.status() + " " + HttpStatus.getMessage(error.status())
                    + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                    + "\r\nConnection: close\r\n\r\n";
            try {
                top.flush(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)), ByteBuffer.wrap(body));
            } catch (IOException e) {
                log.debug("The peer is gone", e);
            }
            top.close();
        }
        close();
    }

    /** What HTTP writes to: this one, or the TLS on it. */
    private EndPoint top() {
        return getConnection() instanceof TlsConnection tls ? tls.getSslEndPoint() : this;
    }
}
