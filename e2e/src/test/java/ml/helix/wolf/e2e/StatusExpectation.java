package ml.helix.wolf.e2e;

import java.util.Objects;
import java.util.function.Predicate;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/**
 * Something that a test expects in the status of a WolfTunnel.
 *
 * @param text its name in the message of a failed test
 */
record StatusExpectation(String text, Predicate<WolfTunnelStatus> isMet) {

    /** A condition of this type with this status and reason. */
    static StatusExpectation condition(String type, String status, String reason) {
        return new StatusExpectation(
                "%s=%s with reason %s".formatted(type, status, reason), seen -> seen.conditions().stream()
                        .anyMatch(condition -> condition.getType().equals(type)
                                && condition.getStatus().equals(status)
                                && condition.getReason().equals(reason)));
    }

    /** A node whose tunnel has this reason. */
    static StatusExpectation node(String reason) {
        return anyTunnel("a node with " + reason, tunnel -> reason.equals(tunnel.reason()));
    }

    static StatusExpectation anyTunnel(String text, Predicate<TunnelStatus> expected) {
        return new StatusExpectation(text, seen -> seen.tunnels().stream().anyMatch(expected));
    }

    /** Every desired agent has a tunnel that is connected and has no reason. */
    static StatusExpectation allConnected() {
        return new StatusExpectation(
                "every tunnel connected, without a reason",
                seen -> !seen.tunnels().isEmpty()
                        && seen.tunnels().size() == Objects.requireNonNullElse(seen.desired(), 0)
                        && seen.tunnels().stream()
                                .allMatch(tunnel -> "Connected".equals(tunnel.state()) && tunnel.reason() == null));
    }
}
