package ml.helix.wolf.agent.transport;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The control plane's URL.
 *
 * @param secure whether it is https or wss
 * @param host a name or an address, an IPv6 address without brackets
 * @param path the prefix before {@code /api/v1/revdial}: empty, or with a leading and without a trailing slash
 */
public record ControlPlaneUrl(boolean secure, String host, int port, String path) {
    private static final String ENDPOINT = "/api/v1/revdial";

    private static final Pattern FORM = Pattern.compile("(?i:(http|ws)(s)?)://([^/?#]*)([^?#]*)(.*)", Pattern.DOTALL);

    /** RFC 3986, section 3.3. */
    private static final Pattern PATH = Pattern.compile("(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*");

    /** @throws IllegalArgumentException if the text is no such URL; says what to write, and never repeats a password */
    public static ControlPlaneUrl parse(String text) {
        Matcher matcher = FORM.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("must begin with https://, http://, wss:// or ws://");
        }
        boolean secure = matcher.group(2) != null;
        if (matcher.group(3).contains("@")) {
            throw new IllegalArgumentException("must not carry a user or a password; the token has a flag of its own");
        }
        if (!matcher.group(5).isEmpty()) {
            throw new IllegalArgumentException("must end with its path, without ? or #");
        }
        Authority where = Authority.of(matcher.group(3), secure ? 443 : 80, "https://helix.example.com");
        String path = matcher.group(4).replaceFirst("/+$", "");
        if (!PATH.matcher(path).matches()) {
            throw new IllegalArgumentException("must have each other character in its path as %xx, a space as %20");
        }
        if (path.endsWith(ENDPOINT)) {
            throw new IllegalArgumentException("must leave off " + ENDPOINT + ": the agent adds it");
        }
        return new ControlPlaneUrl(secure, where.host(), where.port(), path);
    }

    /** The Host header: with the port, unless it is the scheme's default. */
    public String authority() {
        return Authority.bracketed(host) + (port == (secure ? 443 : 80) ? "" : ":" + port);
    }

    /** The request target of a runner's control connection. */
    public String controlTarget(String runnerId) {
        return path + ENDPOINT + "?runnerid=" + URLEncoder.encode(runnerId, StandardCharsets.UTF_8);
    }

    /** The request target of a runner's heartbeats. */
    public String heartbeatTarget(String runnerId) {
        String segment = URLEncoder.encode(runnerId, StandardCharsets.UTF_8).replace("+", "%20");
        return path + "/api/v1/wolf-instances/" + segment + "/heartbeat";
    }

    /** {@code host:port}, for CONNECT. */
    public String endpoint() {
        return Authority.bracketed(host) + ":" + port;
    }

    /** Equal for two spellings of one URL. */
    String normalized() {
        return toString(host.toLowerCase(Locale.ROOT));
    }

    /** With the scheme https or http, and without a default port and a trailing slash. */
    @Override
    public String toString() {
        return toString(host);
    }

    private String toString(String name) {
        boolean standard = port == (secure ? 443 : 80);
        return (secure ? "https://" : "http://") + Authority.bracketed(name) + (standard ? "" : ":" + port) + path;
    }
}
