package ml.helix.wolf.agent.transport;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.program.Secret;

/**
 * An HTTP proxy, used by CONNECT.
 *
 * @param secure whether the connection to the proxy itself has TLS
 * @param credentials {@code user:password} in Base64, for Basic authentication
 */
public record Proxy(boolean secure, String host, int port, Optional<Secret> credentials) {

    private static final Pattern FORM =
            Pattern.compile("(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:(.*)@)?(.*?)/?", Pattern.DOTALL);

    /** RFC 3986, section 3.2.1. */
    private static final Pattern USER = Pattern.compile("(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+");

    /**
     * Reads {@code http://user:password@host:port}; the scheme may be missing, a port defaults to 80 or 443.
     *
     * @throws IllegalArgumentException if the text is no such URL; the message never repeats a password
     */
    public static Proxy parse(String text) {
        Matcher matcher = FORM.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalStateException("the form takes any text");
        }
        String scheme = matcher.group(1) == null ? "http" : matcher.group(1).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new IllegalArgumentException("must begin with http:// or https://");
        }
        boolean secure = scheme.equals("https");
        Optional<String> user = Optional.ofNullable(matcher.group(2));
        if (user.filter(given -> !USER.matcher(given).matches()).isPresent()) {
            throw new IllegalArgumentException("must have each special character of user and password as %xx, for"
                    + " example a backslash as %5C and @ as %40");
        }
        Authority where = Authority.of(matcher.group(3), secure ? 443 : 80, "http://proxy:3128");
        return new Proxy(secure, where.host(), where.port(), user.map(Proxy::basic));
    }

    /** Sends the unescaped bytes as they are, because the proxy's character set is unknown. */
    private static Secret basic(String user) {
        byte[] both = URLDecoder.decode(
                        (user.contains(":") ? user : user + ":").replace("+", "%2B"), StandardCharsets.ISO_8859_1)
                .getBytes(StandardCharsets.ISO_8859_1);
        return Secret.of(Base64.getEncoder().encodeToString(both));
    }

    /**
     * The proxy to use for the control plane, if any.
     *
     * @param flag the proxy given by flag; wins over the environment's
     * @param environment HTTPS_PROXY for https and wss, HTTP_PROXY for http and ws, and NO_PROXY, which applies to the flag
     *     too; the lower-case names count if these are not set
     * @throws IllegalArgumentException if the environment's proxy is no URL; names the variable
     */
    public static Optional<Proxy> choose(Optional<Proxy> flag, Map<String, String> environment, ControlPlaneUrl url) {
        if (NoProxy.parse(variable(environment, "NO_PROXY")).covers(url.host(), url.port())) {
            return Optional.empty();
        }
        if (flag.isPresent()) {
            return flag;
        }
        String name = url.secure() ? "HTTPS_PROXY" : "HTTP_PROXY";
        String text = variable(environment, name);
        try {
            return text.isBlank() ? Optional.empty() : Optional.of(parse(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + " " + e.getMessage(), e);
        }
    }

    private static String variable(Map<String, String> environment, String name) {
        String upper = environment.getOrDefault(name, "");
        return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
    }

    /** {@code host:port}, never the credentials. */
    @Override
    public String toString() {
        return Authority.bracketed(host) + ":" + port;
    }
}
