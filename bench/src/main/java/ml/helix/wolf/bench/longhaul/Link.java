package ml.helix.wolf.bench.longhaul;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Joins two network interfaces: a packet of one comes out of the other after a delay, or not at all. Packets keep their order. Where the
 * kernel has it, {@code tc netem} does the same.
 */
final class Link {
    /** Packets under way in one direction: more are lost, as in a router. 150 MB at 1500 bytes each. */
    private static final int QUEUE = 100_000;

    private final Duration delay;
    private final AtomicLong overflows = new AtomicLong();
    /** Of a packet to be lost. */
    private volatile double loss;

    private record Packet(byte[] bytes, long due) {}

    /** @param delay in each direction */
    Link(Duration delay) {
        this.delay = delay;
    }

    /** From now on loses this share of the packets, in each direction, at random. */
    void lose(double share) {
        loss = share;
    }

    /** How many packets were lost because too many were under way. */
    long overflows() {
        return overflows.get();
    }

    void join(TunDevice one, TunDevice other) {
        joinOneWay(one, other, 1);
        joinOneWay(other, one, 2);
    }

    private void joinOneWay(TunDevice from, TunDevice to, long seed) {
        BlockingQueue<Packet> underWay = new ArrayBlockingQueue<>(QUEUE);
        start("link-in-" + seed, () -> {
            var random = new SplittableRandom(seed);
            MemorySegment packet = Arena.ofAuto().allocate(TunDevice.LARGEST_PACKET);
            while (true) {
                int length = from.read(packet);
                if (random.nextDouble() < loss) {
                    continue;
                }
                byte[] bytes = packet.asSlice(0, length).toArray(JAVA_BYTE);
                if (!underWay.offer(new Packet(bytes, System.nanoTime() + delay.toNanos()))) {
                    overflows.incrementAndGet();
                }
            }
        });
        start("link-out-" + seed, () -> {
            MemorySegment out = Arena.ofAuto().allocate(TunDevice.LARGEST_PACKET);
            while (true) {
                Packet packet = underWay.take();
                for (long wait = packet.due - System.nanoTime(); wait > 0; wait = packet.due - System.nanoTime()) {
                    LockSupport.parkNanos(wait);
                }
                MemorySegment.copy(packet.bytes, 0, out, JAVA_BYTE, 0, packet.bytes.length);
                to.write(out.asSlice(0, packet.bytes.length));
            }
        });
    }

    /** A loop that ends with the process. */
    @FunctionalInterface
    private interface Loop {
        void run() throws IOException, InterruptedException;
    }

    private static void start(String name, Loop loop) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                loop.run();
            } catch (IOException | InterruptedException e) {
                System.err.println(name + ": " + e.getMessage());
            }
        });
    }
}
