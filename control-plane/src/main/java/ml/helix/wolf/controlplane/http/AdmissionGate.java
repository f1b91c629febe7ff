package ml.helix.wolf.controlplane.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import ml.helix.wolf.program.FileDescriptors;
import org.jspecify.annotations.Nullable;

/**
 * The connections that have shown no valid token yet. Their number is limited in all and per address. A newcomer that was
 * accepted is always let in, even from an address that misbehaves: it may be an agent with a valid token. If there is no room,
 * an older connection is closed: the oldest of the newcomer's address if that has its share already, else the oldest of the
 * address that has most. One that this process has work for is closed last: it doesn't wait for its peer, but for a processor.
 *
 * <p>So that thousands of agents that come at once don't push one another out, {@link #awaitRoom} says when to accept the next
 * one. Until then it waits in the kernel, where it costs nothing.
 *
 * <p>Addresses of one IPv6 network of 64 bits count as one. Thread safe.
 */
final class AdmissionGate {
    /** As many with work keep every processor busy. The others wait in the kernel, in their order. */
    private static final int MOST_WITH_WORK = 256;

    /** In a full gate, a peer has this long to say what it wants before another one takes its place. */
    private static final Duration LEAST_STAY = Duration.ofSeconds(5);

    private final int most;
    private final int mostPerAddress;
    private final int mostWithWork;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    /** There may be room now. */
    private final Condition room = lock.newCondition();

    // Guarded by lock. The oldest guest comes first, in all and of each address. The sets of the addresses are never
    // empty.
    private final SequencedSet<Guest> guests = new LinkedHashSet<>();
    private final Map<List<Byte>, SequencedSet<Guest>> byNetwork = new HashMap<>();
    private int withWork;

    /**
     * What a connection may take of the heap before its first head is complete, in bytes. An estimate: a head of 16 KiB, 128
     * fields of 75 bytes, Jetty's objects, and as much again as a margin.
     */
    private static final int WEIGHT = 64 * 1024;

    /** What a TLS handshake takes beside it: the engine, and a record of 16 KiB each way. */
    private static final int TLS_WEIGHT = 64 * 1024;

    /** Room for as many connections as a quarter of the heap holds, and half the file descriptors; half of it per address. */
    static AdmissionGate forThisProcess() {
        return forThisProcess(WEIGHT);
    }

    /** As {@link #forThisProcess()}, for connections with TLS. */
    static AdmissionGate forThisProcessWithTls() {
        return forThisProcess(WEIGHT + TLS_WEIGHT);
    }

    private static AdmissionGate forThisProcess(int weight) {
        long most = Math.min(Runtime.getRuntime().maxMemory() / 4 / weight, FileDescriptors.limit() / 2);
        int bounded = Math.clamp(most, 64, 100_000);
        return new AdmissionGate(bounded, bounded / 2, MOST_WITH_WORK, System::nanoTime);
    }

    AdmissionGate(int most, int mostPerAddress, int mostWithWork, LongSupplier nanoTime) {
        this.most = most;
        this.mostPerAddress = mostPerAddress;
        this.mostWithWork = mostWithWork;
        this.nanoTime = nanoTime;
    }

    /** One connection in the gate. It has work for this process at first. */
    final class Guest {
        private final List<Byte> network;
        private final long arrived = nanoTime.getAsLong();
        // Guarded by lock.
        private Runnable evict;
        private boolean hasWork = true;

        private Guest(List<Byte> network, Runnable evict) {
            this.network = network;
            this.evict = evict;
        }

        /** From now on it is closed in this way. */
        void evictBy(Runnable other) {
            lock.lock();
            try {
                evict = other;
            } finally {
                lock.unlock();
            }
        }

        /** Whether this process has something to do for it, or waits for its peer or another program. Idempotent. */
        void hasWork(boolean now) {
            lock.lock();
            try {
                if (now != hasWork && guests.contains(this)) {
                    hasWork = now;
                    workChanged(now);
                }
            } finally {
                lock.unlock();
            }
        }

        /** It is closed, or has shown a valid token. Idempotent. */
        void leave() {
            lock.lock();
            try {
                remove(this);
            } finally {
                lock.unlock();
            }
        }

        boolean isInside() {
            lock.lock();
            try {
                return guests.contains(this);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Waits while too many guests have work, or while the gate is full and its oldest guest has just come.
     *
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    void awaitRoom() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            for (long pause = pause().toNanos(); pause > 0; pause = pause().toNanos()) {
                room.awaitNanos(pause);
            }
        } finally {
            lock.unlock();
        }
    }

    /** How long to accept nobody; a guest that leaves or has no more work may end it earlier. */
    Duration pause() {
        lock.lock();
        try {
            if (withWork >= mostWithWork) {
                return LEAST_STAY;
            }
            if (guests.size() < most) {
                return Duration.ZERO;
            }
            long stay = nanoTime.getAsLong() - guests.getFirst().arrived;
            return Duration.ofNanos(Math.max(0, LEAST_STAY.toNanos() - stay));
        } finally {
            lock.unlock();
        }
    }

    /** @param evict closes the connection; called at most once, on another connection's thread; must not block */
    Guest enter(InetAddress address, Runnable evict) {
        var guest = new Guest(network(address), evict);
        @Nullable Runnable evictOldest = null;
        lock.lock();
        try {
            @Nullable Guest evicted = evictedFor(guest.network);
            if (evicted != null) {
                evictOldest = evicted.evict;
                remove(evicted);
            }
            guests.add(guest);
            byNetwork
                    .computeIfAbsent(guest.network, network -> new LinkedHashSet<>())
                    .add(guest);
            workChanged(true);
        } finally {
            lock.unlock();
        }
        if (evictOldest != null) {
            evictOldest.run();
        }
        return guest;
    }

    int count() {
        lock.lock();
        try {
            return guests.size();
        } finally {
            lock.unlock();
        }
    }

    // The rest is called under the lock.

    private @Nullable Guest evictedFor(List<Byte> network) {
        if (sizeOf(network) >= mostPerAddress) {
            return firstToGo(Objects.requireNonNull(byNetwork.get(network)));
        }
        if (guests.size() < most) {
            return null;
        }
        int largest =
                byNetwork.values().stream().mapToInt(SequencedSet::size).max().orElseThrow();
        return firstToGo(guests.stream()
                .filter(guest -> sizeOf(guest.network) == largest)
                .toList());
    }

    private int sizeOf(List<Byte> network) {
        SequencedSet<Guest> neighbours = byNetwork.get(network);
        return neighbours == null ? 0 : neighbours.size();
    }

    private static Guest firstToGo(Collection<Guest> oldestFirst) {
        return oldestFirst.stream().filter(guest -> !guest.hasWork).findFirst().orElseGet(() -> oldestFirst
                .iterator()
                .next());
    }

    private void workChanged(boolean more) {
        withWork += more ? 1 : -1;
        if (!more) {
            room.signal();
        }
    }

    private void remove(Guest guest) {
        if (!guests.remove(guest)) {
            return;
        }
        SequencedSet<Guest> neighbours = Objects.requireNonNull(byNetwork.get(guest.network));
        neighbours.remove(guest);
        if (neighbours.isEmpty()) {
            byNetwork.remove(guest.network);
        }
        if (guest.hasWork) {
            workChanged(false);
        }
        room.signal();
    }

    private static List<Byte> network(InetAddress address) {
        byte[] bytes = address.getAddress();
        int length = address instanceof Inet6Address ? 8 : bytes.length;
        Byte[] network = new Byte[length];
        Arrays.setAll(network, i -> bytes[i]);
        return List.of(network);
    }
}
