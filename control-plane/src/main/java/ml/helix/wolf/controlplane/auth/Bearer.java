package ml.helix.wolf.controlplane.auth;

import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/** Reads {@code Authorization: Bearer {token}} as RFC 6750 has it; the scheme's case doesn't matter. */
final class Bearer {
    private static final String SCHEME = "Bearer ";

    private Bearer() {}

    static Optional<String> token(HttpFields fields) {
        return Optional.ofNullable(fields.get(HttpHeader.AUTHORIZATION)).flatMap(Bearer::token);
    }

    static Optional<String> token(String authorization) {
        return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(authorization.substring(SCHEME.length()).strip())
                : Optional.empty();
    }
}
