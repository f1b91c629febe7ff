package ml.helix.wolf.controlplane.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.concurrent.locks.ReentrantLock;
import ml.helix.wolf.program.FileDescriptors;
import org.jspecify.annotations.Nullable;

/**
 * The connections that have shown no valid token yet. Their number is limited in all and per address. A newcomer is
 * always let in, even from an address that misbehaves: it may be an agent with a valid token. If there is no room, an older
 * connection is closed: the oldest of the newcomer's address if that has its share already, else the oldest of the address
 * that has most.
 *
 * <p>Addresses of one IPv6 network of 64 bits count as one. Thread safe.
 */
final class AdmissionGate {
    private final int most;
    private final int mostPerAddress;
    private final ReentrantLock lock = new ReentrantLock();
    // Both guarded by lock. The sets are never empty; the oldest guest comes first.
    private final Map<List<Byte>, SequencedSet<Guest>> guests = new HashMap<>();
    private int count;

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
        return new AdmissionGate(bounded, bounded / 2);
    }

    AdmissionGate(int most, int mostPerAddress) {
        this.most = most;
        this.mostPerAddress = mostPerAddress;
    }

    /** One connection in the gate. */
    final class Guest {
        private final List<Byte> network;
        private final Runnable evict;

        private Guest(List<Byte> network, Runnable evict) {
            this.network = network;
            this.evict = evict;
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
                return guests.getOrDefault(network, new LinkedHashSet<>()).contains(this);
            } finally {
                lock.unlock();
            }
        }
    }

    /** @param evict closes the connection; called at most once, on another connection's thread; must not block */
    Guest enter(InetAddress address, Runnable evict) {
        var guest = new Guest(network(address), evict);
        @Nullable Guest evicted;
        lock.lock();
        try {
            evicted = oldestIfFull(guest.network);
            if (evicted != null) {
                remove(evicted);
            }
            guests.computeIfAbsent(guest.network, network -> new LinkedHashSet<>())
                    .add(guest);
            count++;
        } finally {
            lock.unlock();
        }
        if (evicted != null) {
            evicted.evict.run();
        }
        return guest;
    }

    int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }

    // The rest is called under the lock.

    private @Nullable Guest oldestIfFull(List<Byte> network) {
        SequencedSet<Guest> neighbours = guests.get(network);
        if (neighbours != null && neighbours.size() >= mostPerAddress) {
            return neighbours.getFirst();
        }
        if (count < most) {
            return null;
        }
        return guests.values().stream()
                .max((one, other) -> Integer.compare(one.size(), other.size()))
                .orElseThrow()
                .getFirst();
    }

    private void remove(Guest guest) {
        SequencedSet<Guest> neighbours = guests.get(guest.network);
        if (neighbours != null && neighbours.remove(guest)) {
            count--;
            if (neighbours.isEmpty()) {
                guests.remove(guest.network);
            }
        }
    }

    private static List<Byte> network(InetAddress address) {
        byte[] bytes = address.getAddress();
        int length = address instanceof Inet6Address ? 8 : bytes.length;
        Byte[] network = new Byte[length];
        Arrays.setAll(network, i -> bytes[i]);
        return List.of(network);
    }
}
