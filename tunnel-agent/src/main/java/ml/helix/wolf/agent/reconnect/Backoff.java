package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * How long to wait before the next attempt: at random up to a bound that doubles from {@code first} to 60 s, so that a
 * fleet whose server restarts doesn't come back at once. Not thread-safe; knows no clock.
 */
public final class Backoff {
    /** No wait is drawn from more. */
    public static final Duration LONGEST = Duration.ofSeconds(60);
    /** A connection that lived that long is healthy: the next wait is a first one again. */
    public static final Duration HEALTHY = Duration.ofSeconds(60);

    private final Duration first;
    private final RandomGenerator random;
    private Duration bound;

    /** @param first the longest first wait, positive */
    public Backoff(Duration first, RandomGenerator random) {
        this.first = shorter(first, LONGEST);
        this.random = random;
        this.bound = this.first;
    }

    /**
     * The wait after an attempt that ended so.
     *
     * @param up how long the control connection was up, zero where it never was
     */
    public Duration next(TunnelException end, Duration up) {
        if (up.compareTo(HEALTHY) >= 0) {
            bound = first;
        }
        Duration wait =
                switch (end.reason()) {
                    // a refused token rarely heals by itself: never hurry
                    case UNAUTHORIZED, FORBIDDEN -> bound.dividedBy(2).plus(upTo(bound.dividedBy(2)));
                    // another agent serves the id: two that displace one another must not take turns every few seconds
                    case DISPLACED -> LONGEST.dividedBy(2).plus(upTo(LONGEST.dividedBy(2)));
                    case DNS_FAILURE,
                            CONNECT_FAILURE,
                            TLS_FAILURE,
                            PROXY_FAILURE,
                            NOT_FOUND,
                            SERVER_ERROR,
                            HANDSHAKE_TIMEOUT,
                            KEEP_ALIVE_TIMEOUT,
                            CONNECTION_LOST,
                            PROTOCOL_ERROR -> upTo(bound);
                };
        bound = shorter(bound.multipliedBy(2), LONGEST);
        Duration drawn = wait;
        return end.retryAfter()
                .map(asked -> asked.plus(upTo(first)))
                .filter(asked -> asked.compareTo(drawn) > 0)
                .orElse(drawn);
    }

    private Duration upTo(Duration most) {
        return Duration.ofNanos(random.nextLong(most.toNanos() + 1));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
