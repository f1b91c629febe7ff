package ml.helix.wolf.program;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Limits the log lines of one kind, so that a peer can't fill a disk. Lines of one kind have the same text except for their
 * arguments. {@link #AT_ONCE} of a kind may come at once, then {@link #A_SECOND} a second. Of those with the same first
 * argument, which is mostly an id or an address, {@link #AT_ONCE_ABOUT_ONE} may come at once, then one every
 * {@link #ABOUT_ONE}. Lines below INFO are not counted.
 *
 * <p>It logs when it begins to leave lines out, and then how many it has left out, at most every {@link #REPORTED_EVERY} and
 * together with the next line of any kind. It remembers the last {@link #REMEMBERED} kinds and the last {@link #REMEMBERED}
 * first arguments. Thread-safe.
 */
final class LogLimit extends TurboFilter {
    static final int AT_ONCE = 200;
    static final int A_SECOND = 5;
    static final int AT_ONCE_ABOUT_ONE = 20;
    static final Duration ABOUT_ONE = Duration.ofSeconds(10);
    static final Duration REPORTED_EVERY = Duration.ofSeconds(10);
    static final int REMEMBERED = 1024;

    private static final int LONGEST_ARGUMENT = 128;
    private static final org.slf4j.Logger log = LoggerFactory.getLogger(LogLimit.class);

    private final LongSupplier nanoTime;
    // All guarded by this.
    private final Map<String, Kind> kinds = remembered();
    private final Map<About, Bucket> abouts = remembered();
    private long reportedAt;

    private record About(String kind, String argument) {}

    private record Report(String kind, long leftOut) {}

    /** A kind of line. Guarded by the limit. */
    private static final class Kind {
        final Bucket bucket;
        long leftOut;
        boolean announced;

        Kind(Bucket bucket) {
            this.bucket = bucket;
        }
    }

    /** A token bucket. Guarded by the limit. */
    private static final class Bucket {
        private final double size;
        private final double perNano;
        private double tokens;
        private long filledAt;

        Bucket(double size, double perSecond, long now) {
            this.size = size;
            this.perNano = perSecond / 1e9;
            this.tokens = size;
            this.filledAt = now;
        }

        boolean has(long now) {
            tokens = Math.min(size, tokens + (now - filledAt) * perNano);
            filledAt = now;
            return tokens >= 1;
        }

        void take() {
            tokens--;
        }
    }

    /** @param nanoTime in nanoseconds */
    LogLimit(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.reportedAt = nanoTime.getAsLong();
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] arguments,
            @Nullable Throwable thrown) {
        if (format == null
                || !level.isGreaterOrEqual(Level.INFO)
                || !level.isGreaterOrEqual(logger.getEffectiveLevel())
                || logger.getName().equals(LogLimit.class.getName())) {
            return FilterReply.NEUTRAL;
        }
        List<Report> reports = new ArrayList<>();
        boolean admitted = admit(format, arguments, reports);
        for (Report report : reports) {
            if (report.leftOut == 0) {
                log.warn("Too many log lines of one kind, the next ones are left out: {}", report.kind);
            } else {
                log.warn("{} log lines were left out: {}", report.leftOut, report.kind);
            }
        }
        return admitted ? FilterReply.NEUTRAL : FilterReply.DENY;
    }

    private synchronized boolean admit(String format, Object @Nullable [] arguments, List<Report> reports) {
        long now = nanoTime.getAsLong();
        if (now - reportedAt >= REPORTED_EVERY.toNanos()) {
            reportedAt = now;
            kinds.forEach((name, kind) -> report(name, kind, reports));
        }
        Kind kind = kinds.computeIfAbsent(format, name -> new Kind(new Bucket(AT_ONCE, A_SECOND, now)));
        Bucket about = arguments == null || arguments.length == 0
                ? kind.bucket
                : abouts.computeIfAbsent(
                        new About(format, start(String.valueOf(arguments[0]))),
                        one -> new Bucket(AT_ONCE_ABOUT_ONE, 1.0 / ABOUT_ONE.toSeconds(), now));
        if (kind.bucket.has(now) && about.has(now)) {
            kind.bucket.take();
            if (about != kind.bucket) {
                about.take();
            }
            return true;
        }
        if (!kind.announced) {
            kind.announced = true;
            reports.add(new Report(format, 0));
        }
        kind.leftOut++;
        return false;
    }

    private static void report(String name, Kind kind, List<Report> reports) {
        if (kind.leftOut > 0) {
            reports.add(new Report(name, kind.leftOut));
        } else {
            kind.announced = false;
        }
        kind.leftOut = 0;
    }

    private static String start(String argument) {
        return argument.length() <= LONGEST_ARGUMENT ? argument : argument.substring(0, LONGEST_ARGUMENT);
    }

    private static <K, V> Map<K, V> remembered() {
        return new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > REMEMBERED;
            }
        };
    }
}
