package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import ml.helix.wolf.program.Secret;
import org.eclipse.jetty.http.HttpFields;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets agents in: those that send one of the runners' tokens, on control and data connections alike. The tokens are read
 * again at most every {@link #LOOKED_AT_EVERY}, when somebody asks; while they can't be read, the last ones hold.
 * Thread-safe.
 */
public final class RunnerAccess {
    static final Duration LOOKED_AT_EVERY = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(RunnerAccess.class);

    private final RunnerTokens source;
    private final AdminAccess admin;
    private final LongSupplier nanoTime;

    /** Guarded by this. */
    private List<Secret> tokens;
    /** When they were read, in nanoseconds. Guarded by this. */
    private long readAt;
    /** Why the last reading failed, "" where it didn't. Guarded by this. */
    private String trouble = "";

    /**
     * @param admin its token is never an agent's
     * @throws IOException where the tokens can't be read
     */
    public RunnerAccess(RunnerTokens source, AdminAccess admin, LongSupplier nanoTime) throws IOException {
        this.source = source;
        this.admin = admin;
        this.nanoTime = nanoTime;
        tokens = source.read();
        readAt = nanoTime.getAsLong();
    }

    /** Whether the request carries one of the tokens; takes as long for a near miss as for a far one. */
    public boolean admits(HttpFields fields) {
        return Bearer.token(fields).filter(this::isKnown).isPresent();
    }

    private boolean isKnown(String candidate) {
        boolean known = false;
        for (Secret token : present()) {
            known |= token.matches(candidate);
        }
        return known;
    }

    private synchronized List<Secret> present() {
        long now = nanoTime.getAsLong();
        if (now - readAt >= LOOKED_AT_EVERY.toNanos()) {
            readAt = now;
            refresh();
        }
        return tokens;
    }

    private synchronized void refresh() {
        try {
            List<Secret> read = source.read();
            if (read.contains(admin.token())) {
                throw new IllegalArgumentException("has the admin token in it");
            }
            if (!read.equals(tokens)) {
                log.info("Agents may now send one of {} tokens", read.size());
            }
            tokens = read;
            trouble = "";
        } catch (IOException | IllegalArgumentException e) {
            String why = String.valueOf(e.getMessage());
            if (!why.equals(trouble)) {
                log.warn("The runners' tokens can't be read again, the last ones hold: {}", why);
            }
            trouble = why;
        }
    }
}
