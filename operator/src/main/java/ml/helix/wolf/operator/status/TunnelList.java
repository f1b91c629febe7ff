package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.operator.observed.AgentReport;
import org.jspecify.annotations.Nullable;

/** The list {@code status.tunnels}, limited in entries and bytes. */
final class TunnelList {
    static final int MAX_ENTRIES = 64;
    /** With everything else in a status, and indented as kubectl prints it, less than 64 KiB. */
    static final int MAX_BYTES = 36_000;

    private TunnelList() {}

    /**
     * As many of the verdicts as fit, in their order.
     *
     * @param verdicts with their final texts
     * @param now for a state that begins now
     */
    static List<TunnelStatus> of(List<Verdict> verdicts, LastStatus last, Instant now) {
        var list = new ArrayList<TunnelStatus>();
        int bytes = 0;
        for (var verdict : verdicts) {
            var entry = entry(verdict, last, now);
            bytes += WireSize.of(entry) + 1;
            if (list.size() == MAX_ENTRIES || bytes > MAX_BYTES) {
                break;
            }
            list.add(entry);
        }
        return list;
    }

    private static TunnelStatus entry(Verdict verdict, LastStatus last, Instant now) {
        var report = verdict.report();
        return new TunnelStatus(
                orNull(verdict.pod().node()),
                verdict.pod().name(),
                word(report.map(AgentReport::wolfId)),
                verdict.state().name(),
                verdict.cause().map(cause -> StatusText.word(cause.reason())).orElse(null),
                verdict.cause().map(cause -> orNull(cause.message())).orElse(null),
                since(verdict, last, now),
                report.flatMap(AgentReport::connects).orElse(null),
                word(report.map(AgentReport::version)),
                word(report.flatMap(AgentReport::token).map(token -> Timestamps.wholeSeconds(token.changedAt()))));
    }

    /** A connection has the agent's own time. A tunnel that is down keeps its time, since each attempt would have another. */
    private static String since(Verdict verdict, LastStatus last, Instant now) {
        return verdict.report()
                .filter(AgentReport::connected)
                .map(AgentReport::since)
                .filter(time -> !time.isEmpty())
                .map(time -> StatusText.word(Timestamps.wholeSeconds(time)))
                .or(() -> last.unchanged(verdict).map(TunnelStatus::since))
                .orElseGet(() -> Timestamps.text(now));
    }

    private static @Nullable String word(Optional<String> text) {
        return text.map(given -> orNull(StatusText.word(given))).orElse(null);
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
