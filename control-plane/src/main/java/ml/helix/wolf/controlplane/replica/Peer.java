package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.replica.PeerMessage.Ask;
import ml.helix.wolf.controlplane.replica.PeerMessage.Asked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Failed;
import ml.helix.wolf.controlplane.replica.PeerMessage.Link;
import ml.helix.wolf.controlplane.replica.PeerMessage.Linked;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.Relayed;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Another replica, as this one reaches it: a link for asks, which it keeps up, and connections for streams. An ask that is
 * not answered within 2 s means that the replica can't be reached. Runs from {@link #start} until {@link #close}.
 * Thread-safe; calls its listener without its lock.
 */
final class Peer implements AutoCloseable {
    /** How long an ask may wait for its answer. */
    static final Duration ASK_TIMEOUT = Duration.ofSeconds(2);

    private static final Duration CHECK_INTERVAL = Duration.ofMillis(250);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final int MAX_ASKS = 16 * 1024;
    private static final Logger log = LoggerFactory.getLogger(Peer.class);

    private final ReplicaRow replica;
    private final PeerConnections connections;
    private final Listener listener;
    private final LongSupplier nanoTime;
    private final Future<?> checks;
    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock();
    // All guarded by lock.
    private @Nullable PeerLink link;
    private boolean reachable = true; // until the first attempt has failed
    private long lastNumber;
    private final Map<Long, WaitingAsk> asks = new LinkedHashMap<>();

    private record WaitingAsk(Ask ask, long generation, long since) {}

    /** Hears how the replica is. Called on threads of this class. */
    interface Listener {
        /** Whether it can be reached may have changed: see {@link Peer#isReachable}. */
        void reachabilityChanged(Peer peer);

        /** It doesn't hold that runner, at least not the connection of that generation. */
        void notHeld(Peer peer, String runnerId, long generation);

        void failed(FailedPickup pickup);
    }

    Peer(ReplicaRow replica, PeerDoor door, Listener listener, ScheduledExecutorService timers, LongSupplier nanoTime) {
        this.replica = replica;
        this.connections = new PeerConnections(replica, door, nanoTime);
        this.listener = listener;
        this.nanoTime = nanoTime;
        this.thread = Thread.ofVirtual().name("peer " + replica.id()).unstarted(this::run);
        this.checks = timers.scheduleAtFixedRate(
                () -> Thread.ofVirtual().name("peer-check").start(this::check),
                CHECK_INTERVAL.toNanos(),
                CHECK_INTERVAL.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    void start() {
        thread.start();
    }

    String id() {
        return replica.id();
    }

    boolean isReachable() {
        lock.lock();
        try {
            return reachable;
        } finally {
            lock.unlock();
        }
    }

    /** The link while it is up: the replica lives, whatever the database says of it. */
    Optional<PeerLink> link() {
        lock.lock();
        try {
            return Optional.ofNullable(link);
        } finally {
            lock.unlock();
        }
    }

    /** Its connections for streams. */
    PeerConnections connections() {
        return connections;
    }

    /** Has a conn-ready sent. Never blocks. Returns false if there is no room. */
    boolean ask(String runnerId, long generation, String connPath) {
        lock.lock();
        try {
            if (asks.size() >= MAX_ASKS) {
                return false;
            }
            var ask = new Ask(++lastNumber, runnerId, connPath);
            if (link != null && !link.offer(ask)) {
                return false;
            }
            asks.put(ask.number(), new WaitingAsk(ask, generation, nanoTime.getAsLong()));
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        Duration pause = FIRST_PAUSE;
        long failingSince = nanoTime.getAsLong();
        while (closed.getCount() > 0) {
            try {
                PeerLink established = establish();
                pause = FIRST_PAUSE;
                established.run(this::receive);
            } catch (IOException | RuntimeException e) {
                if (closed.getCount() == 0) {
                    return;
                }
                if (hadLink()) {
                    log.info("The link to replica {} is over: {}", id(), e.getMessage());
                    failingSince = nanoTime.getAsLong();
                    continue; // once at once: the dials that wait are asked for again if it is back
                }
                // A replica that has just started is refused until the other one has read of it.
                if (e instanceof ConnectException || nanoTime.getAsLong() - failingSince >= ASK_TIMEOUT.toNanos()) {
                    unreachable(String.valueOf(e.getMessage()));
                }
                pause(pause);
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            }
        }
    }

    private PeerLink establish() throws IOException {
        PeerConnection connection = connections.connect();
        if (!(PeerConnections.ask(connection, new Link()) instanceof Linked)) {
            connection.close();
            throw new ProtocolException("replica " + id() + " accepts no link");
        }
        var established = new PeerLink(connection);
        boolean again;
        lock.lock();
        try {
            link = established;
            again = !reachable;
            reachable = true;
            asks.values().forEach(waiting -> established.offer(waiting.ask()));
        } finally {
            lock.unlock();
        }
        if (closed.getCount() == 0) {
            established.close();
        }
        log.info("Linked to replica {} at {}", id(), replica.address());
        if (again) {
            listener.reachabilityChanged(this);
        }
        return established;
    }

    /** Forgets the link. Returns whether there was one. */
    private boolean hadLink() {
        lock.lock();
        try {
            boolean had = link != null;
            link = null;
            return had;
        } finally {
            lock.unlock();
        }
    }

    private void unreachable(String why) {
        boolean first;
        lock.lock();
        try {
            first = reachable;
            reachable = false;
            asks.clear();
        } finally {
            lock.unlock();
        }
        if (first) {
            log.warn("Replica {} at {} can't be reached: {}", id(), replica.address(), why);
        }
        listener.reachabilityChanged(this);
    }

    private void pause(Duration pause) {
        try {
            boolean _ = closed.await(pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void receive(PeerMessage message) {
        switch (message) {
            case Asked(long number, Relayed result) -> answered(number, result);
            case Failed(FailedPickup pickup) -> listener.failed(pickup);
            default -> log.debug("Replica {} sent an unexpected {}", id(), message);
        }
    }

    private void answered(long number, Relayed result) {
        WaitingAsk waiting;
        lock.lock();
        try {
            waiting = asks.remove(number);
        } finally {
            lock.unlock();
        }
        if (waiting != null && result != Relayed.SENT) {
            // FULL is as bad: its agent reads nothing, so the dial waits for another connection.
            listener.notHeld(this, waiting.ask().runnerId(), waiting.generation());
        }
    }

    private void check() {
        long now = nanoTime.getAsLong();
        connections.closeOld();
        @Nullable PeerLink silent = null;
        boolean late;
        lock.lock();
        try {
            late = !asks.isEmpty()
                    && now - asks.values().iterator().next().since()
                            > ASK_TIMEOUT.minus(CHECK_INTERVAL).toNanos();
            if (late) {
                silent = link;
            }
        } finally {
            lock.unlock();
        }
        if (late) {
            unreachable("it answered nothing for " + ASK_TIMEOUT.toSeconds() + " s");
        }
        if (silent != null) {
            silent.close();
        }
    }

    /** Ends the link and the idle connections; streams go on. Idempotent. */
    @Override
    public void close() {
        closed.countDown();
        checks.cancel(false);
        connections.close();
        link().ifPresent(PeerLink::close);
    }
}
