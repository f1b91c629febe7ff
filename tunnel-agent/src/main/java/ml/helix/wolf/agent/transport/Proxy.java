package ml.helix.wolf.agent.transport;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.program.Secret;

/**
 * An HTTP proxy that is asked by CONNECT.
 *
 * @param secure whether TLS is spoken to the proxy itself
 * @param credentials {@code user:password} in Base64, as Basic authentication wants it
 */
public record Proxy(boolean secure, String host, int port, Optional<Secret> credentials) {

    /**
     * Reads {@code http://user:password@host:port}; the scheme may be missing, a port defaults to 80 or 443.
     *
     * @throws IllegalArgumentException where the text is no such URL; the message has no password in it
     */
    public static Proxy parse(String text) {
        URI uri;
        try {
            uri = new URI(text.contains("://") ? text.strip() : "http://" + text.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "is not a proxy's URL; write for example http://proxy:3128, with special characters of a password as %xx");
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new IllegalArgumentException("must begin with http:// or https://");
        }
        boolean secure = scheme.equals("https");
        Authority where = Authority.of(uri, secure ? 443 : 80, "http://proxy:3128");
        return new Proxy(secure, where.host(), where.port(), credentials(uri));
    }

    private static Optional<Secret> credentials(URI uri) {
        String authority = uri.getRawAuthority();
        int at = authority.lastIndexOf('@');
        return at < 0 ? Optional.empty() : Optional.of(basic(authority.substring(0, at)));
    }

    private static Secret basic(String userInfo) {
        String plain = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
        String both = plain.contains(":") ? plain : plain + ":";
        return Secret.of(Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * The proxy to use for the control plane, if any.
     *
     * @param flag the proxy given by flag, before the environment's
     * @param environment HTTPS_PROXY for https and wss, HTTP_PROXY for http and ws, and NO_PROXY, which holds for the
     *     flag too; lower-case names stand in for missing ones
     * @throws IllegalArgumentException where the environment's proxy is no URL, naming the variable
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
