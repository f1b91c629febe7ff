package ml.helix.wolf.controlplane.replica;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How the replicas reach one another.
 *
 * @param listen where this one listens for the others
 * @param address where they reach it, host:port; empty for the listening address
 * @param drain how long running streams may go on when this one stops
 */
public record PeerSettings(InetSocketAddress listen, String address, Duration drain) {

    /**
     * Checks an address.
     *
     * @return host:port, an IPv6 address in brackets
     * @throws IllegalArgumentException with a message that continues the flag's name
     */
    public static String checkAddress(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        if (host.isEmpty()
                || host.length() > 255
                || !port.matches("[1-9]\\d{0,4}")
                || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException(
                    "must be host:port, as the other replicas reach this one, not '" + text + "'");
        }
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]:" + port : text;
    }

    /** Whether the others can be told the listening address. */
    public boolean isReachable() {
        return !address.isEmpty() || !listen.getAddress().isAnyLocalAddress();
    }

    /** @param port at which it listens */
    String reachedAt(int port) {
        if (!address.isEmpty()) {
            return address;
        }
        String host = listen.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
