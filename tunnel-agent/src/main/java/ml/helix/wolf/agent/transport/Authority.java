package ml.helix.wolf.agent.transport;

import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Host and port of a URL. {@link URI} itself knows no host with an underscore, and container networks have such names.
 *
 * @param host an IPv6 address without brackets
 */
record Authority(String host, int port) {
    private static final Pattern FORM =
            Pattern.compile("(?:[^@]*@)?(?:\\[([0-9A-Fa-f:.]+)]|([^:@\\[\\]]+))(?::(\\d{1,5}))?");

    /**
     * @param otherwise the port where the URL has none
     * @throws IllegalArgumentException where there is no host, or a port outside 1 to 65535; beginning with a verb, and
     *     without a user's password
     */
    static Authority of(URI uri, int otherwise, String example) {
        String text = uri.getRawAuthority();
        Matcher matcher = FORM.matcher(text == null ? "" : text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("names no host and port; write for example " + example);
        }
        int port = matcher.group(3) == null ? otherwise : Integer.parseInt(matcher.group(3));
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("has a port outside 1 to 65535");
        }
        return new Authority(matcher.group(1) == null ? matcher.group(2) : matcher.group(1), port);
    }

    /** The host as it stands before a port: an IPv6 address in brackets. */
    static String bracketed(String host) {
        return host.contains(":") ? "[" + host + "]" : host;
    }
}
