package ml.helix.wolf.operator.status;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.jspecify.annotations.Nullable;

/**
 * What happened between two statuses of a WolfTunnel, for its Events: each change of the reason of Ready, and each node that
 * fell out or came back.
 *
 * @param out the nodes whose tunnel is down and does not come back by itself as part of a rollout
 * @param chapters of Ready first
 */
public record Story(Set<String> out, List<Chapter> chapters) {
    /** Nodes that are remembered as out; a status lists fewer. */
    private static final int MAX_OUT = 256;

    public Story {
        chapters = List.copyOf(chapters);
    }

    /**
     * One Event.
     *
     * @param warning whether somebody may have to act
     * @param reason a word of docs/status.md
     */
    public record Chapter(boolean warning, String reason, String note) {}

    /** For a WolfTunnel of which nothing was told yet: what is down now fell out before. */
    public static Story before(@Nullable WolfTunnelStatus status) {
        return new Story(status == null ? Set.of() : down(status), List.of());
    }

    /** @param before the status of this story, null if there was none */
    public Story next(@Nullable WolfTunnelStatus before, WolfTunnelStatus now) {
        var next = new ArrayList<Chapter>(ready(before, now).stream().toList());
        var stillOut = new LinkedHashSet<>(out);
        var up = nodes(now, tunnel -> TunnelState.Connected.name().equals(tunnel.state()));
        boolean othersAreUp = requireNonNullElse(now.omittedTunnels(), 0) > 0
                && TunnelState.Connected.name().equals(now.tunnels().getLast().state());
        for (var node : out) {
            boolean listed = now.tunnels().stream().anyMatch(tunnel -> node.equals(tunnel.node()));
            if (up.contains(node) || (othersAreUp && !listed)) {
                stillOut.remove(node);
                next.add(new Chapter(false, Reason.Connected.name(), node + ": the tunnel is up again"));
            }
        }
        for (var tunnel : now.tunnels()) {
            if (isDown(tunnel)
                    && !up.contains(tunnel.node())
                    && stillOut.size() < MAX_OUT
                    && stillOut.add(tunnel.node())) {
                next.add(new Chapter(
                        true,
                        requireNonNullElse(tunnel.reason(), Reason.NotKnown.name()),
                        tunnel.node() + ": " + requireNonNullElse(tunnel.message(), "the tunnel is down")));
            }
        }
        return new Story(stillOut, next);
    }

    private static Optional<Chapter> ready(@Nullable WolfTunnelStatus before, WolfTunnelStatus now) {
        var last = Optional.ofNullable(before).flatMap(Story::ready).map(Condition::getReason);
        return ready(now)
                .filter(ready -> !Optional.of(ready.getReason()).equals(last))
                .map(ready -> new Chapter(
                        needsAttention(ready.getReason()),
                        ready.getReason(),
                        "Ready is %s: %s".formatted(ready.getStatus(), ready.getMessage())));
    }

    private static Optional<Condition> ready(WolfTunnelStatus status) {
        return status.conditions().stream().filter(ConditionType.Ready::isOf).findFirst();
    }

    private static Set<String> down(WolfTunnelStatus status) {
        return nodes(status, Story::isDown);
    }

    private static Set<String> nodes(WolfTunnelStatus status, Predicate<TunnelStatus> filter) {
        return status.tunnels().stream()
                .filter(filter)
                .flatMap(tunnel -> Optional.ofNullable(tunnel.node()).stream())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static boolean isDown(TunnelStatus tunnel) {
        return tunnel.node() != null
                && tunnel.reason() != null
                && !TunnelState.Connected.name().equals(tunnel.state())
                && needsAttention(tunnel.reason());
    }

    private static boolean needsAttention(String reason) {
        return switch (new Cause(reason, "").kind()) {
            case ACTION, RETRYING -> true;
            case PROGRESS, FINE -> false;
        };
    }
}
