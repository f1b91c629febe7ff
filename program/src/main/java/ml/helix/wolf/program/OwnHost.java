package ml.helix.wolf.program;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Tells a server's own names from a stranger's. A stranger can point a domain of his at this server's address (DNS
 * rebinding), and a browser then lets his page read the answers. It sends his domain as Host, so whatever nobody can register
 * is safe: an IP address, a name without a dot, and the names of clusters and private networks. This machine's name is its
 * own, too.
 */
final class OwnHost {
    private static final List<String> UNREGISTRABLE = List.of(".localhost", ".svc", ".local", ".internal");

    private OwnHost() {}

    /** @param header a Host header: a name or an address, with or without a port */
    static boolean accepts(String header) {
        String host = withoutPort(header.strip().toLowerCase(Locale.ROOT));
        return isAddress(host)
                || host.indexOf('.') < 0
                || UNREGISTRABLE.stream().anyMatch(host::endsWith)
                || Stream.of(System.getenv("HOSTNAME"), machine())
                        .filter(Objects::nonNull)
                        .anyMatch(host::equalsIgnoreCase);
    }

    private static String withoutPort(String authority) {
        int colon = authority.lastIndexOf(':');
        String host = colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    private static boolean isAddress(String host) {
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        try {
            InetAddress.ofLiteral(bracketed ? host.substring(1, host.length() - 1) : host);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The resolver keeps it for some seconds; where it has none there is no such name. */
    private static String machine() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
