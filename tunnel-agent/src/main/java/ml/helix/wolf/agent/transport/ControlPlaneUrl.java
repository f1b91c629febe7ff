package ml.helix.wolf.agent.transport;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Where the control plane is.
 *
 * @param secure whether TLS is spoken
 * @param host a name or an address, an IPv6 address without brackets
 * @param path the prefix before {@code /api/v1/revdial}: empty, or with a leading and without a trailing slash
 */
public record ControlPlaneUrl(boolean secure, String host, int port, String path) {

    /** @throws IllegalArgumentException where the text is no such URL, saying what to write; never with a password in it */
    public static ControlPlaneUrl parse(String text) {
        URI uri;
        try {
            uri = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("is not a URL; write for example https://helix.example.com", e);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        boolean secure = scheme.equals("https") || scheme.equals("wss");
        if (!secure && !scheme.equals("http") && !scheme.equals("ws")) {
            throw new IllegalArgumentException("must begin with https://, http://, wss:// or ws://");
        }
        String authority = uri.getRawAuthority();
        if (authority != null && authority.contains("@")) {
            throw new IllegalArgumentException("must not carry a user or a password; the token has a flag of its own");
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("must end with its path, without ? or #");
        }
        Authority where = Authority.of(uri, secure ? 443 : 80, "https://helix.example.com");
        return new ControlPlaneUrl(
                secure, where.host(), where.port(), uri.getRawPath().replaceFirst("/+$", ""));
    }

    /** What the Host header says: the port only where it isn't the scheme's own. */
    public String authority() {
        return Authority.bracketed(host) + (port == (secure ? 443 : 80) ? "" : ":" + port);
    }

    /** {@code host:port}, as CONNECT wants it. */
    public String endpoint() {
        return Authority.bracketed(host) + ":" + port;
    }

    /** The URL, normalized. */
    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority() + path;
    }
}
