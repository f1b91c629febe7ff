package ml.helix.wolf.agent.local;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where Wolf's API listens. */
public sealed interface WolfAddress {

    /** @param host a name or an address, an IPv6 address without brackets */
    record Tcp(String host, int port) implements WolfAddress {
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** @param path absolute; the file need not exist, Wolf makes a new one at each start */
    record Unix(Path path) implements WolfAddress {
        @Override
        public String toString() {
            return "unix://" + path;
        }
    }

    /**
     * Reads {@code host:port}, {@code [ipv6]:port} or {@code unix:///path}.
     *
     * @throws IllegalArgumentException where the text is none of these, saying what to write
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
        if (host.isEmpty()
                || host.contains("/")
                || host.contains(":") && !bracketed
                || !port.matches("\\d{1,5}")
                || Integer.parseInt(port) < 1
                || Integer.parseInt(port) > 65_535) {
            throw new IllegalArgumentException("must be host:port, [ipv6]:port or unix:///path, not '" + text + "'");
        }
        return new Tcp(bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
    }
}
