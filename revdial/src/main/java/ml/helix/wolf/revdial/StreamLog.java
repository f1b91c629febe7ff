package ml.helix.wolf.revdial;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What the log lines about one stream carry, as SLF4J's MDC: {@code dial} and, if its request has one, {@code traceparent}.
 * Immutable.
 *
 * @param dial the request id of the dial; empty if it is unknown
 * @param traceparent of the request; empty if it has none
 */
public record StreamLog(String dial, String traceparent) {
    public static final StreamLog NONE = new StreamLog("", "");

    private static final String DIAL = "dial";
    private static final String TRACEPARENT = "traceparent";
    private static final Pattern ID = Pattern.compile("[0-9A-Za-z_-]{1,64}");
    /** W3C Trace Context; a version after 00 may have more behind it. */
    private static final Pattern TRACE =
            Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?![0-9a-f])");

    /** @param requestId as a peer sent it: what no dial can have is left out */
    public static StreamLog ofDial(String requestId) {
        return new StreamLog(ID.matcher(requestId).matches() ? requestId : "", "");
    }

    /** The dial that a connPath names. */
    public static StreamLog ofConnPath(String connPath) {
        return ofDial(PickupQuery.of(connPath).requestId());
    }

    /** What the lines of this thread carry now. */
    public static StreamLog current() {
        @Nullable String dial = MDC.get(DIAL);
        @Nullable String trace = MDC.get(TRACEPARENT);
        return dial == null && trace == null
                ? NONE
                : new StreamLog(dial == null ? "" : dial, trace == null ? "" : trace);
    }

    /** The first 55 characters of a field {@code traceparent}, if they are one. */
    public static Optional<String> traceparent(@Nullable String field) {
        if (field == null) {
            return Optional.empty();
        }
        Matcher matcher = TRACE.matcher(field);
        return matcher.lookingAt() ? Optional.of(matcher.group()) : Optional.empty();
    }

    /** With the {@code traceparent} of its request, if that is one. */
    public StreamLog of(@Nullable String field) {
        return new StreamLog(dial, traceparent(field).orElse(""));
    }

    /** From now on the lines of this thread carry it. */
    public void set() {
        put(DIAL, dial);
        put(TRACEPARENT, traceparent);
    }

    private static void put(String key, String value) {
        if (value.isEmpty()) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }

    /** Runs it with this on its lines, on a thread that works for others too. */
    public void run(Runnable logging) {
        StreamLog before = current();
        set();
        try {
            logging.run();
        } finally {
            before.set();
        }
    }
}
