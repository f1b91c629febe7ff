package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import ml.helix.wolf.program.Secret;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens of a {@link TokenSource}. They are read again at most every {@link #LOOKED_AT_EVERY}, when somebody asks;
 * while they can't be read, the last ones hold. Thread-safe.
 */
final class ReloadedTokens {
    static final Duration LOOKED_AT_EVERY = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(ReloadedTokens.class);

    private final String whose;
    private final TokenSource source;
    private final Predicate<Secret> forbidden;
    private final LongSupplier nanoTime;

    /** Guarded by this. */
    private List<AccessToken> tokens;
    /** When they were read, in nanoseconds. Guarded by this. */
    private long readAt;
    /** Why the last reading failed, "" where it didn't. Guarded by this. */
    private String trouble = "";

    /**
     * @param whose who sends them, for the log
     * @param forbidden a file that has such a token in it isn't taken
     * @throws IOException where the tokens can't be read
     */
    ReloadedTokens(String whose, TokenSource source, Predicate<Secret> forbidden, LongSupplier nanoTime)
            throws IOException {
        this.whose = whose;
        this.source = source;
        this.forbidden = forbidden;
        this.nanoTime = nanoTime;
        tokens = source.read();
        readAt = nanoTime.getAsLong();
    }

    /** The token that somebody sent; takes as long for a near miss as for a far one. */
    Optional<AccessToken> find(String candidate) {
        Optional<AccessToken> found = Optional.empty();
        for (AccessToken token : present()) {
            if (token.secret().matches(candidate)) {
                found = Optional.of(token);
            }
        }
        return found;
    }

    private synchronized List<AccessToken> present() {
        long now = nanoTime.getAsLong();
        if (now - readAt >= LOOKED_AT_EVERY.toNanos()) {
            readAt = now;
            refresh();
        }
        return tokens;
    }

    private synchronized void refresh() {
        try {
            List<AccessToken> read = source.read();
            if (read.stream().map(AccessToken::secret).anyMatch(forbidden)) {
                throw new IllegalArgumentException("has a token in it that is for something else");
            }
            if (!read.equals(tokens)) {
                log.info("{} may now send one of {} tokens", whose, read.size());
            }
            tokens = read;
            trouble = "";
        } catch (IOException | IllegalArgumentException e) {
            String why = String.valueOf(e.getMessage());
            if (!why.equals(trouble)) {
                log.warn("The tokens that {} send can't be read again, the last ones hold: the file {}", whose, why);
            }
            trouble = why;
        }
    }
}
