package ml.helix.wolf.kubectl.cluster;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** A name as one segment of a URL's path. */
public final class PathSegment {
    private PathSegment() {}

    /** Percent-encoded. */
    public static String of(String name) {
        String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        return encoded.matches("\\.{1,2}") ? encoded.replace(".", "%2E") : encoded;
    }
}
