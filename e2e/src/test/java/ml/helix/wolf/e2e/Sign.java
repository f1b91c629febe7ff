package ml.helix.wolf.e2e;

import java.util.Objects;
import java.util.function.Predicate;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/**
 * Something that an admin can read off a WolfTunnel's status.
 *
 * @param text what it is, for the message of a test that doesn't see it
 */
record Sign(String text, Predicate<WolfTunnelStatus> in) {

    /** A condition with this status and reason. */
    static Sign condition(String type, String status, String reason) {
        return new Sign("%s=%s because of %s".formatted(type, status, reason), seen -> seen.conditions().stream()
                .anyMatch(condition -> condition.getType().equals(type)
                        && condition.getStatus().equals(status)
                        && condition.getReason().equals(reason)));
    }

    /** A node whose tunnel has this reason. */
    static Sign node(String reason) {
        return anyTunnel("a node with " + reason, tunnel -> reason.equals(tunnel.reason()));
    }

    static Sign anyTunnel(String text, Predicate<TunnelStatus> wanted) {
        return new Sign(text, seen -> seen.tunnels().stream().anyMatch(wanted));
    }

    /** Every desired agent of the present spec is connected, with nothing to say about any. */
    static Sign allConnected() {
        return new Sign(
                "every tunnel connected, without a reason",
                seen -> !seen.tunnels().isEmpty()
                        && seen.tunnels().size() == Objects.requireNonNullElse(seen.desired(), 0)
                        && seen.tunnels().stream()
                                .allMatch(tunnel -> "Connected".equals(tunnel.state()) && tunnel.reason() == null));
    }
}
