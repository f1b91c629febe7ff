package ml.helix.wolf.agent.transport;

import java.net.Inet6Address;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Host and port of a URL, without a user. {@link java.net.URI} is not used because it accepts no underscore in a host, and
 * container networks have such names. The CRD of the WolfTunnel has the same grammar.
 *
 * @param host an IPv6 address without brackets
 */
record Authority(String host, int port) {
    private static final Pattern FORM =
            Pattern.compile("(?:\\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)]|([A-Za-z0-9._-]+))(?::(.*))?", Pattern.DOTALL);

    /**
     * Reads {@code host}, {@code host:port} or {@code [ipv6]:port}.
     *
     * @param defaultPort if the text has no port
     * @param example of a good URL, for the message
     * @throws IllegalArgumentException if there is no host, or a port outside 1 to 65535; the message begins with a verb
     *     and never repeats a password
     */
    static Authority of(String text, int defaultPort, String example) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "names no host by an ASCII name or address; write for example " + example);
        }
        if (matcher.group(1) != null && !(Resolver.literal(matcher.group(1)).orElse(null) instanceof Inet6Address)) {
            throw new IllegalArgumentException("has something in brackets that is not an IPv6 address");
        }
        int port = matcher.group(3) == null ? defaultPort : port(matcher.group(3));
        return new Authority(matcher.group(1) == null ? matcher.group(2) : matcher.group(1), port);
    }

    private static int port(String text) {
        int port = text.matches("[1-9]\\d{0,4}") ? Integer.parseInt(text) : 0;
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("has a port outside 1 to 65535");
        }
        return port;
    }

    /** The host as written before a port: an IPv6 address in brackets. */
    static String bracketed(String host) {
        return host.contains(":") ? "[" + host + "]" : host;
    }
}
