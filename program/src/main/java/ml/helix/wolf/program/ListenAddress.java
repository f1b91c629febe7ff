package ml.helix.wolf.program;

import java.net.InetSocketAddress;
import java.util.Optional;

/** Reads and shows the addresses that programs listen on. */
public final class ListenAddress {
    private ListenAddress() {}

    /**
     * {@code :9797} (all addresses), {@code 127.0.0.1:9797}, {@code [::1]:9797}; port 0 lets the system choose. An IPv6
     * address needs no brackets, because {@code $(POD_IP):9797} becomes {@code fd00::5:9797}: the port always follows the
     * last colon.
     *
     * @throws IllegalArgumentException if it is none of these; the message says what to write
     */
    public static InetSocketAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (colon < 0 || !port.matches("\\d{1,5}") || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException("must be :port, host:port or [ipv6]:port, not '" + text + "'");
        }
        if (host.isEmpty()) {
            return new InetSocketAddress(Integer.parseInt(port));
        }
        String name = bracketed ? host.substring(1, host.length() - 1) : host;
        var address = new InetSocketAddress(name, Integer.parseInt(port));
        if (address.isUnresolved() && name.contains(":")) {
            throw new IllegalArgumentException(
                    "must be :port, host:port or [ipv6]:port; '" + name + "' is no IPv6 address");
        }
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("names a host that does not resolve: '" + name + "'");
        }
        return address;
    }

    /** In the form that {@link #parse} reads. */
    public static String show(InetSocketAddress address) {
        String host = address.getAddress() == null || address.getAddress().isAnyLocalAddress()
                ? ""
                : address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    /**
     * As {@link #parse}; empty for {@code off}.
     *
     * @throws IllegalArgumentException as {@link #parse}
     */
    public static Optional<InetSocketAddress> parseOrOff(String text) {
        return text.equals("off") ? Optional.empty() : Optional.of(parse(text));
    }
}
