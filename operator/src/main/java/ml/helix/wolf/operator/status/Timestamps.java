package ml.helix.wolf.operator.status;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Times as Kubernetes writes them: RFC 3339 in UTC, in whole seconds. */
final class Timestamps {
    private Timestamps() {}

    static String text(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Another program's time in that form; unchanged if it can't be parsed. */
    static String wholeSeconds(String time) {
        return parsed(time).map(Timestamps::text).orElse(time);
    }

    static Optional<Instant> parsed(@Nullable String time) {
        try {
            return Optional.ofNullable(time).map(Instant::parse);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
