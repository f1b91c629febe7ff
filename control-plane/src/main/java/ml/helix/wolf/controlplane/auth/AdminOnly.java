package ml.helix.wolf.controlplane.auth;

import java.util.Optional;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Handles requests that carry an admin token which opens what they are about, and no others.
 *
 * @param access knows the tokens
 * @param subject which id a request is about
 * @param next handles what is admitted
 */
public record AdminOnly(AdminAccess access, Refusals refusals, Subject subject, Request.Handler next)
        implements Request.Handler {

    /** Which id a request is about; empty for all of them. */
    @FunctionalInterface
    public interface Subject {
        Subject EVERY_ID = request -> Optional.empty();

        /** @throws ApiException where the request names none and should */
        Optional<String> of(Request request) throws ApiException;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Optional<AccessToken> token = access.find(request.getHeaders());
        if (token.isEmpty()) {
            throw refusals.unauthorized(
                    request,
                    Refusals.Asker.CALLER,
                    "the admin token is needed, as Authorization: Bearer or as X-Admin-Token");
        }
        Optional<String> id = subject.of(request);
        if (!id.map(token.get()::opens).orElse(token.get().opensAll())) {
            throw refusals.forbidden(request, Refusals.Asker.CALLER, token.get(), id.orElse("what tells of every id"));
        }
        return next.handle(request, response, callback);
    }
}
