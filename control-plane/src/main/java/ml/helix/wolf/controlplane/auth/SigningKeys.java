package ml.helix.wolf.controlplane.auth;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.io.IOException;
import java.text.ParseException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys with which a cluster signs its tokens. They are read again when a token names an unknown one, but not more often
 * than each {@link #SHORTEST_INTERVAL}, and in the background when they are {@link #MAX_AGE} old. If they can't be read, the
 * last ones stay valid. Thread safe; only {@link #find} of an unknown key may block.
 */
final class SigningKeys {
    static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(10);
    static final Duration MAX_AGE = Duration.ofMinutes(5);

    private static final Logger log = LoggerFactory.getLogger(SigningKeys.class);

    private final Source source;
    private final LongSupplier nanoTime;
    private final Executor background;
    private final ReentrantLock reading = new ReentrantLock();

    // All written under the lock.
    private volatile JWKSet keys = new JWKSet();
    private volatile boolean tried;
    private volatile long triedAt;
    /** Guarded by {@link #reading}. */
    private String lastProblem = "";

    /** Where the keys come from. */
    @FunctionalInterface
    interface Source {
        /** @return a JSON Web Key Set (RFC 7517) */
        String read() throws IOException;
    }

    SigningKeys(Source source, LongSupplier nanoTime, Executor background) {
        this.source = source;
        this.nanoTime = nanoTime;
        this.background = background;
    }

    /** What is known now. Another object as soon as anything has changed. */
    JWKSet current() {
        if (tried && isOlderThan(MAX_AGE)) {
            background.execute(() -> refreshIfOlder(MAX_AGE));
        }
        return keys;
    }

    /** The key of that id. */
    Optional<JWK> find(String id) {
        return Optional.ofNullable(current().getKeyByKeyId(id)).or(() -> {
            refreshIfOlder(SHORTEST_INTERVAL);
            return Optional.ofNullable(keys.getKeyByKeyId(id));
        });
    }

    private boolean isOlderThan(Duration age) {
        return !tried || nanoTime.getAsLong() - triedAt >= age.toNanos();
    }

    /** Those who come while the keys are read wait for them. */
    private void refreshIfOlder(Duration age) {
        reading.lock();
        try {
            if (isOlderThan(age)) {
                read();
                triedAt = nanoTime.getAsLong();
                tried = true;
            }
        } finally {
            reading.unlock();
        }
    }

    private void read() {
        try {
            JWKSet read = JWKSet.parse(source.read());
            if (!read.getKeys().equals(keys.getKeys())) {
                log.info("The cluster signs ServiceAccount tokens with {} keys", read.size());
                keys = read;
            }
            lastProblem = "";
        } catch (IOException | ParseException e) {
            String problem = e.getClass().getSimpleName() + ": " + e.getMessage();
            if (!problem.equals(lastProblem)) {
                log.warn(
                        "The keys of the cluster's ServiceAccount tokens can't be read, the last ones hold: {}",
                        problem);
            }
            lastProblem = problem;
        }
    }
}
