package ml.helix.wolf.controlplane.replica;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.replica.PeerMessage.Ask;
import ml.helix.wolf.controlplane.replica.PeerMessage.AskStats;
import ml.helix.wolf.controlplane.replica.PeerMessage.Asked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Bring;
import ml.helix.wolf.controlplane.replica.PeerMessage.Failed;
import ml.helix.wolf.controlplane.replica.PeerMessage.Link;
import ml.helix.wolf.controlplane.replica.PeerMessage.Linked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Streams;
import ml.helix.wolf.controlplane.replica.PeerMessage.TellStats;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.Relayed;
import ml.helix.wolf.revdial.Stats;
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
    private static final int MAX_IDLE = 64;
    private static final Duration MAX_IDLE_TIME = Duration.ofSeconds(60);
    private static final Logger log = LoggerFactory.getLogger(Peer.class);

    private final ReplicaRow replica;
    private final PeerDoor door;
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
    private final Map<Long, CompletableFuture<Stats>> statsAsks = new LinkedHashMap<>();
    private final Deque<IdleConnection> idle = new ArrayDeque<>();
    /** The numbers of streams that it was told over this link. */
    private final Map<String, Integer> told = new HashMap<>();

    private record WaitingAsk(Ask ask, long generation, long since) {}

    private record IdleConnection(PeerConnection connection, long since) {}

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
        this.door = door;
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

    /** Whether the link is up: the replica lives, whatever the database says of it. */
    boolean isLinked() {
        lock.lock();
        try {
            return link != null;
        } finally {
            lock.unlock();
        }
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

    /** Asks for its statistics; fails if there is no link, and if it ends. */
    CompletableFuture<Stats> stats() {
        var answer = new CompletableFuture<Stats>();
        lock.lock();
        try {
            long number = ++lastNumber;
            if (link == null || !link.offer(new AskStats(number))) {
                return CompletableFuture.failedFuture(new IOException("replica " + id() + " is not reachable"));
            }
            statsAsks.put(number, answer);
        } finally {
            lock.unlock();
        }
        return answer;
    }

    /** Tells it how many streams this replica has to each runner, if that has changed. Never blocks. */
    void tellStreams(Map<String, Integer> running) {
        lock.lock();
        try {
            PeerLink current = link;
            if (current == null) {
                return;
            }
            Set<String> ids = new HashSet<>(told.keySet());
            ids.addAll(running.keySet());
            for (String runnerId : ids) {
                int count = running.getOrDefault(runnerId, 0);
                if (count != told.getOrDefault(runnerId, 0) && current.offer(new Streams(runnerId, count))) {
                    told.put(runnerId, count);
                }
            }
            told.values().removeIf(count -> count == 0);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Brings a pickup to the replica.
     *
     * @return its answer, Known or Refused, and the connection, on which only Known has more to come
     * @throws IOException if the replica doesn't answer within 2 s
     */
    Answer join(Bring pickup) throws IOException {
        Optional<PeerConnection> used = takeIdle();
        if (used.isPresent()) {
            try {
                return join(used.get(), pickup);
            } catch (IOException e) {
                log.debug("A connection to replica {} was over: {}", id(), e.getMessage());
            }
        }
        return join(connect(), pickup);
    }

    record Answer(PeerMessage message, PeerConnection connection) {}

    private static Answer join(PeerConnection connection, Bring pickup) throws IOException {
        try {
            connection.setReadTimeout((int) PeerDoor.TIMEOUT.toMillis());
            connection.send(pickup);
            PeerMessage answer = connection.receive();
            connection.setReadTimeout(0);
            return new Answer(answer, connection);
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    private Optional<PeerConnection> takeIdle() {
        lock.lock();
        try {
            return Optional.ofNullable(idle.pollLast()).map(IdleConnection::connection);
        } finally {
            lock.unlock();
        }
    }

    /** Keeps a connection whose stream has ended in order for the next one. */
    void giveBack(PeerConnection connection) {
        lock.lock();
        try {
            if (idle.size() < MAX_IDLE && closed.getCount() > 0) {
                idle.addLast(new IdleConnection(connection, nanoTime.getAsLong()));
                return;
            }
        } finally {
            lock.unlock();
        }
        connection.close();
    }

    private PeerConnection connect() throws IOException {
        int colon = replica.address().lastIndexOf(':');
        String host = replica.address().substring(0, colon).replaceAll("[\\[\\]]", "");
        int port = Integer.parseInt(replica.address().substring(colon + 1));
        return door.connect(InetSocketAddress.createUnresolved(host, port), replica.fingerprint(), replica.id());
    }

    private void run() {
        Duration pause = FIRST_PAUSE;
        long failingSince = nanoTime.getAsLong();
        while (closed.getCount() > 0) {
            try {
                PeerLink established = link();
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

    private PeerLink link() throws IOException {
        PeerConnection connection = connect();
        try {
            connection.setReadTimeout((int) PeerDoor.TIMEOUT.toMillis());
            connection.send(new Link());
            if (!(connection.receive() instanceof Linked)) {
                throw new ProtocolException("replica " + id() + " accepts no link");
            }
            connection.setReadTimeout(0);
        } catch (IOException e) {
            connection.close();
            throw e;
        }
        var established = new PeerLink(connection);
        boolean again;
        lock.lock();
        try {
            link = established;
            told.clear();
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
        List<CompletableFuture<Stats>> unanswered;
        boolean had;
        lock.lock();
        try {
            had = link != null;
            link = null;
            unanswered = new ArrayList<>(statsAsks.values());
            statsAsks.clear();
        } finally {
            lock.unlock();
        }
        unanswered.forEach(answer -> answer.completeExceptionally(new IOException("the link is over")));
        return had;
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
            case TellStats(long number, Stats stats) -> {
                CompletableFuture<Stats> answer = takeStatsAsk(number);
                if (answer != null) {
                    answer.complete(stats);
                }
            }
            default -> log.debug("Replica {} sent an unexpected {}", id(), message);
        }
    }

    private @Nullable CompletableFuture<Stats> takeStatsAsk(long number) {
        lock.lock();
        try {
            return statsAsks.remove(number);
        } finally {
            lock.unlock();
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
        List<PeerConnection> old = new ArrayList<>();
        @Nullable PeerLink silent = null;
        boolean late;
        lock.lock();
        try {
            while (!idle.isEmpty() && now - idle.getFirst().since() > MAX_IDLE_TIME.toNanos()) {
                old.add(idle.removeFirst().connection());
            }
            late = !asks.isEmpty()
                    && now - asks.values().iterator().next().since()
                            > ASK_TIMEOUT.minus(CHECK_INTERVAL).toNanos();
            if (late) {
                silent = link;
            }
        } finally {
            lock.unlock();
        }
        old.forEach(PeerConnection::close);
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
        List<PeerConnection> toClose;
        @Nullable PeerLink established;
        lock.lock();
        try {
            closed.countDown();
            established = link;
            toClose = idle.stream().map(IdleConnection::connection).toList();
            idle.clear();
        } finally {
            lock.unlock();
        }
        checks.cancel(false);
        toClose.forEach(PeerConnection::close);
        if (established != null) {
            established.close();
        }
    }
}
