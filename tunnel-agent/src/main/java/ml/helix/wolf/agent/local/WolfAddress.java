package ml.helix.wolf.agent.local;

import java.net.Inet6Address;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import ml.helix.wolf.agent.transport.Resolver;

/** Where Wolf's API listens. */
public sealed interface WolfAddress {

    /** @param host a name or an address, an IPv6 address without brackets */
    record Tcp(String host, int port) implements WolfAddress {
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** @param path absolute; the file need not exist, because Wolf creates it at each start */
    record Unix(Path path) implements WolfAddress {
        @Override
        public String toString() {
            return "unix://" + path;
        }
    }

    /**
     * Reads {@code host:port}, {@code [ipv6]:port} or {@code unix:///path}. The last colon always separates the port. So an
     * IPv6 address needs no brackets and an IPv4 address may have them: a WolfTunnel's {@code $(NODE_IP):8080} and
     * {@code [$(NODE_IP)]:8080} become {@code fd00::5:8080} and {@code [10.0.0.5]:8080} on some nodes.
     *
     * @throws IllegalArgumentException if the text is none of these; says what to write
     */
    static WolfAddress parse(String text) {
        if (text.startsWith("unix:")) {
            String path = text.startsWith("unix://") ? text.substring("unix://".length()) : "";
            if (!path.startsWith("/")) {
                throw new IllegalArgumentException(
                        "must be unix:// and an absolute path, unix:///var/run/wolf/wolf.sock");
            }
            if (path.getBytes(StandardCharsets.UTF_8).length > 107) {
                throw new IllegalArgumentException("has a path longer than the 107 bytes that a UNIX socket may have");
            }
            return new Unix(Path.of(path));
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String name = bracketed ? host.substring(1, host.length() - 1) : host;
        if (!isAddress(name) && (bracketed || !name.matches("[A-Za-z0-9._-]+"))
                || !port.matches("[1-9]\\d{0,4}")
                || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException("must be host:port, [ipv6]:port or unix:///path, not '" + text + "'");
        }
        return new Tcp(name, Integer.parseInt(port));
    }

    private static boolean isAddress(String host) {
        return Resolver.literal(host)
                .filter(address -> address instanceof Inet6Address == host.contains(":"))
                .isPresent();
    }
}
