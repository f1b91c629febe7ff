package ml.helix.wolf.agent.reconnect;

import java.time.Duration;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * How long to wait before the next attempt: a random time below a bound, which grows by a half with each attempt, from {@code
 * first} to 60 s. So the agents of a restarted control plane don't all come back at once. Not thread-safe; uses no clock.
 *
 * <p>Doubled, the bound grew too fast: of 10,000 agents some draw several short waits in a row, so after a restart of 6 s the last
 * one came back a minute later.
 */
public final class Backoff {
    /** The bound never exceeds this. */
    public static final Duration LONGEST = Duration.ofSeconds(60);
    /** After a connection that was up this long, the bound starts again at the first wait. */
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
     * The wait after a connection or an attempt has ended.
     *
     * @param end why it ended
     * @param up how long the control connection was up, zero if it never was
     */
    public Duration next(TunnelException end, Duration up) {
        if (up.compareTo(HEALTHY) >= 0) {
            bound = first;
        }
        Duration drawn =
                switch (end.reason()) {
                    // a refused token is rarely accepted soon after: wait at least half the bound
                    case UNAUTHORIZED, FORBIDDEN -> bound.dividedBy(2).plus(upTo(bound.dividedBy(2)));
                    // another agent has this id: two agents must not displace each other every few seconds
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
        bound = shorter(bound.multipliedBy(3).dividedBy(2), LONGEST);
        return end.retryAfter()
                .map(asked -> asked.plus(upTo(first)))
                .filter(asked -> asked.compareTo(drawn) > 0)
                .orElse(drawn);
    }

    private Duration upTo(Duration longest) {
        return Duration.ofNanos(random.nextLong(longest.toNanos() + 1));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
