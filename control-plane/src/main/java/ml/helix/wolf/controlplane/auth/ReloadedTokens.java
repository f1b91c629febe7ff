package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens of a {@link TokenSource}. A search reads them again if the last reading is {@link #RELOAD_INTERVAL} ago.
 * If they can't be read, the last ones stay valid. Thread safe.
 */
final class ReloadedTokens {
    static final Duration RELOAD_INTERVAL = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(ReloadedTokens.class);

    private final String whose;
    private final TokenSource source;
    private final Predicate<AccessToken> forbidden;
    private final LongSupplier nanoTime;

    /** Guarded by this. */
    private List<AccessToken> tokens;
    /** When they were read, in nanoseconds. Guarded by this. */
    private long readAt;
    /** Why the last reading failed, "" if it didn't. Guarded by this. */
    private String lastProblem = "";

    /**
     * @param whose who sends them, for the log
     * @param forbidden a source with such a token is not used
     * @throws IOException if the tokens can't be read
     */
    ReloadedTokens(String whose, TokenSource source, Predicate<AccessToken> forbidden, LongSupplier nanoTime)
            throws IOException {
        this.whose = whose;
        this.source = source;
        this.forbidden = forbidden;
        this.nanoTime = nanoTime;
        tokens = source.read();
        readAt = nanoTime.getAsLong();
    }

    /** The known token that equals the candidate. Takes the same time for each wrong one. */
    Optional<AccessToken> find(String candidate) {
        Optional<AccessToken> found = Optional.empty();
        for (AccessToken token : current()) {
            if (token.secret().matches(candidate)) {
                found = Optional.of(token);
            }
        }
        return found;
    }

    private synchronized List<AccessToken> current() {
        long now = nanoTime.getAsLong();
        if (now - readAt >= RELOAD_INTERVAL.toNanos()) {
            readAt = now;
            refresh();
        }
        return tokens;
    }

    private synchronized void refresh() {
        try {
            List<AccessToken> read = source.read();
            if (read.stream().anyMatch(forbidden)) {
                throw new IllegalArgumentException("has a token in it that is for something else");
            }
            if (!read.equals(tokens)) {
                log.info("{} may now send one of {} tokens", whose, read.size());
            }
            tokens = read;
            lastProblem = "";
        } catch (IOException | IllegalArgumentException e) {
            String problem = String.valueOf(e.getMessage());
            if (!problem.equals(lastProblem)) {
                log.warn(
                        "The tokens that {} send can't be read again, the last ones hold: the file {}", whose, problem);
            }
            lastProblem = problem;
        }
    }
}
