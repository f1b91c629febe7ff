package ml.helix.wolf.controlplane.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Counts the wrong tokens that come from each address, or from each IPv6 network of 64 bits. Remembers the last {@link
 * #MOST_ADDRESSES}. Thread safe.
 */
final class WrongTokens {
    static final int MOST_PER_WINDOW = 60;
    static final Duration WINDOW = Duration.ofMinutes(1);

    private static final int MOST_ADDRESSES = 10_000;

    private final LongSupplier nanoTime;

    /** Guarded by this; the address that was seen longest ago comes first. */
    private final Map<String, Count> counts = new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Count> eldest) {
            return size() > MOST_ADDRESSES;
        }
    };

    private record Count(long since, int number) {}

    WrongTokens(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Counts one more. Returns how long the address should wait; zero while it has sent few. */
    synchronized Duration add(InetAddress address) {
        long now = nanoTime.getAsLong();
        Count count = counts.getOrDefault(network(address), new Count(now, 0));
        if (now - count.since >= WINDOW.toNanos()) {
            count = new Count(now, 0);
        }
        counts.put(network(address), new Count(count.since, count.number + 1));
        return count.number < MOST_PER_WINDOW ? Duration.ZERO : WINDOW.minusNanos(now - count.since);
    }

    private static String network(InetAddress address) {
        byte[] bytes = address.getAddress();
        return Arrays.toString(address instanceof Inet6Address ? Arrays.copyOf(bytes, 8) : bytes);
    }
}
