package ml.helix.wolf.agent.notice;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.agent.transport.PlainPost;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the operator that asked last to ask again, when Wolf's reachability or health has changed. An operator with thousands of agents asks
 * each only once in a minute. A notice carries no secret and says nothing of this agent: the operator asks for that itself.
 *
 * <p>An operator leaves its address when it asks for {@code /status}, in the header {@link #HEADER}. While there is one, Wolf is
 * checked every {@link #CHECK_INTERVAL}. A notice that isn't accepted is repeated three times; then the operator's next request
 * makes up for it. Thread-safe; ends with its timers.
 */
public final class OperatorNotices {
    public static final String HEADER = "Wolf-Changes-To";

    static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);
    static final Duration LEAST_INTERVAL = Duration.ofSeconds(2);
    static final List<Duration> RETRIES = List.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));

    private static final Logger LOG = LoggerFactory.getLogger(OperatorNotices.class);
    private static final int ACCEPTED = 202;
    private static final int UNKNOWN = 404;

    private final Sender sender;
    private final Executor threads;
    private final ScheduledExecutorService timers;

    /** Null before an operator has left one, and when it doesn't know this agent. Guarded by this. */
    private @Nullable NoticeAddress address;
    /** Whether a notice is being sent, repeated, or was sent less than {@link #LEAST_INTERVAL} ago. Guarded by this. */
    private boolean busy;
    /** Whether something has changed since the last notice began. Guarded by this. */
    private boolean again;

    /** Sends one notice. */
    @FunctionalInterface
    interface Sender {
        /** @return the status of the answer */
        int send(NoticeAddress to) throws IOException;
    }

    /** Sends by HTTP, on virtual threads. */
    public OperatorNotices(ScheduledExecutorService timers) {
        this(
                to -> PlainPost.send(to.operator(), "/changed/" + to.id(), timers),
                task -> Thread.ofVirtual().name("operator-notice").start(task),
                timers);
    }

    /** @param threads runs each check and each notice, which block */
    OperatorNotices(Sender sender, Executor threads, ScheduledExecutorService timers) {
        this.sender = sender;
        this.threads = threads;
        this.timers = timers;
    }

    /** @param check finds out whether Wolf is reachable; runs while an operator listens */
    public void start(Runnable check) {
        timers.scheduleWithFixedDelay(
                () -> {
                    if (address() != null) {
                        threads.execute(check);
                    }
                },
                CHECK_INTERVAL.toMillis(),
                CHECK_INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Somebody asks for the status, and leaves this address. One that can't be used changes nothing. */
    public void askedBy(InetAddress caller, String header) {
        NoticeAddress.parse(header, caller).ifPresent(this::address);
    }

    private synchronized void address(NoticeAddress now) {
        address = now;
    }

    private synchronized @Nullable NoticeAddress address() {
        return address;
    }

    /** Wolf's reachability or health has changed. Does not block. */
    public synchronized void changed() {
        if (busy) {
            again = true;
        } else if (address != null) {
            busy = true;
            threads.execute(() -> send(0));
        }
    }

    private void send(int failures) {
        NoticeAddress to = address();
        if (to == null || accepted(to)) {
            later(LEAST_INTERVAL, this::rested);
        } else if (failures < RETRIES.size()) {
            later(RETRIES.get(failures), () -> threads.execute(() -> send(failures + 1)));
        } else {
            LOG.debug("The operator at {} doesn't hear that Wolf has changed; it asks again", to.operator());
            later(LEAST_INTERVAL, this::rested);
        }
    }

    /** Also an operator that doesn't know this agent has heard it: the one that does will leave its address. */
    private boolean accepted(NoticeAddress to) {
        try {
            int status = sender.send(to);
            if (status == UNKNOWN) {
                forget(to);
            }
            return status == ACCEPTED || status == UNKNOWN;
        } catch (IOException e) {
            LOG.debug("No notice to the operator at {}: {}", to.operator(), e.getMessage());
            return false;
        }
    }

    private synchronized void forget(NoticeAddress to) {
        if (to.equals(address)) {
            address = null;
        }
    }

    private synchronized void rested() {
        busy = false;
        if (again) {
            again = false;
            changed();
        }
    }

    private void later(Duration delay, Runnable task) {
        try {
            timers.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("Stopped before a notice to the operator");
        }
    }
}
