package ml.helix.wolf.kubectl.controlplane;

import java.net.URI;
import java.net.URISyntaxException;
import ml.helix.wolf.kubectl.failure.Failure;

/**
 * Where a control plane is.
 *
 * @param path the prefix of its paths, without a slash at its end
 */
public record Endpoint(boolean secure, String host, int port, String path) {

    /** Reads an http or https URL. */
    public static Endpoint of(String url) throws Failure {
        try {
            URI uri = new URI(url);
            boolean secure = "https".equalsIgnoreCase(uri.getScheme());
            if (!secure && !"http".equalsIgnoreCase(uri.getScheme())) {
                throw new Failure(url + " is not the URL of a control plane: it must begin with https:// or http://");
            }
            if (uri.getHost() == null || uri.getUserInfo() != null || uri.getQuery() != null) {
                throw new Failure(url
                        + " is not the URL of a control plane: it needs a host, and no user and no query, for example"
                        + " https://helix.example.com");
            }
            int port = uri.getPort() > 0 ? uri.getPort() : secure ? 443 : 80;
            return new Endpoint(
                    secure,
                    uri.getHost(),
                    port,
                    uri.getRawPath().replaceAll("/+$", "").replaceAll("/api/v1/revdial$", ""));
        } catch (URISyntaxException e) {
            throw new Failure(url + " is not a URL: " + e.getReason(), e);
        }
    }

    /** What goes into the Host header. */
    String authority() {
        return port == (secure ? 443 : 80) ? host : host + ":" + port;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority() + path;
    }
}
