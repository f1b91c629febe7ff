package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.operator.observed.AgentReport;
import org.jspecify.annotations.Nullable;

/** The status' list of tunnels: size-limited; keeps the old text where the new one means the same. */
final class TunnelList {
    static final int MOST = 64;
    /** With what else a status holds, and indented as kubectl prints it, less than 64 KiB. */
    static final int MOST_BYTES = 36_000;

    private final Map<String, TunnelStatus> before = new HashMap<>();
    private final String now;

    /**
     * @param previous the list in the last status
     * @param now for what begins now and has no time of its own
     */
    TunnelList(List<TunnelStatus> previous, Instant now) {
        previous.forEach(tunnel -> before.put(Objects.requireNonNullElse(tunnel.pod(), ""), tunnel));
        this.now = Times.text(now);
    }

    /**
     * The same tunnels with the last status' messages where they mean the same: attempts differ in ports, addresses, ids,
     * times and counts, and the text for a wait is the beginning of the text for its cause.
     */
    List<Tunnel> settled(List<Tunnel> tunnels) {
        return tunnels.stream()
                .map(tunnel -> tunnel.saying(message(tunnel.message(), same(tunnel))))
                .toList();
    }

    /** As many of the given, which are settled, in their order, as fit. */
    List<TunnelStatus> of(List<Tunnel> tunnels) {
        var list = new ArrayList<TunnelStatus>();
        int bytes = 0;
        for (var tunnel : tunnels) {
            var entry = entry(tunnel);
            bytes += WireSize.of(entry) + 1;
            if (list.size() == MOST || bytes > MOST_BYTES) {
                break;
            }
            list.add(entry);
        }
        return list;
    }

    private TunnelStatus entry(Tunnel tunnel) {
        var pod = tunnel.pod();
        var report = tunnel.report();
        var reason = tunnel.reason().map(Words::word).orElse(null);
        return new TunnelStatus(
                orNull(pod.node()),
                pod.name(),
                report.map(AgentReport::wolfId)
                        .map(id -> orNull(Words.word(id)))
                        .orElse(null),
                tunnel.state(),
                reason,
                orNull(tunnel.message()),
                since(tunnel),
                report.flatMap(AgentReport::connects).orElse(null),
                report.map(AgentReport::version)
                        .map(version -> orNull(Words.word(version)))
                        .orElse(null),
                report.flatMap(AgentReport::token)
                        .map(token -> orNull(Words.word(Times.seconds(token.changedAt()))))
                        .orElse(null));
    }

    /** What the last status said of it, if its state and reason are still the same. */
    private @Nullable TunnelStatus same(Tunnel tunnel) {
        var last = before.get(tunnel.pod().name());
        return last != null
                        && tunnel.state().equals(last.state())
                        && tunnel.reason().map(Words::word).equals(Optional.ofNullable(last.reason()))
                ? last
                : null;
    }

    /** An agent's own time counts for a connection; while it is down each attempt would have another. */
    private String since(Tunnel tunnel) {
        var connectedSince = tunnel.report()
                .filter(AgentReport::connected)
                .map(AgentReport::since)
                .filter(time -> !time.isEmpty());
        if (connectedSince.isPresent()) {
            return Words.word(Times.seconds(connectedSince.get()));
        }
        var same = same(tunnel);
        return same != null && same.since() != null ? same.since() : now;
    }

    private static String message(String message, @Nullable TunnelStatus same) {
        var cut = Words.message(message);
        var before = same == null ? null : same.message();
        return before != null && (Words.sameButForNumbers(before, cut) || before.startsWith(cut)) ? before : cut;
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
