package ml.helix.wolf.controlplane.http;

import org.eclipse.jetty.server.Request;

/** Who may use a {@link Route}. Thread safe. */
@FunctionalInterface
public interface AccessRule {
    /** Everybody. Also for a handler that checks the token itself. */
    AccessRule OPEN = (request, path) -> {};

    /** @throws ApiException if the request may not: 401 without a valid token, 403 if the token doesn't open this */
    void check(Request request, PathMatch path) throws ApiException;
}
