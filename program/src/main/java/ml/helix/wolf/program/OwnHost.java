package ml.helix.wolf.program;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Checks Host headers against DNS rebinding. An attacker can point a domain of his own at this server's address, and a browser
 * then lets his page read the answers. The browser sends that domain as Host. So names that nobody can register are accepted:
 * an IP address, a name without a dot, and the names of clusters and private networks. So is this machine's own name.
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
                || Stream.of(System.getenv("HOSTNAME"), machineName())
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

    /** This machine's name. The resolver caches it for some seconds. */
    private static String machineName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
