package ml.helix.wolf.controlplane.auth;

import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Handles requests that carry the admin token, and no others.
 *
 * @param access knows the token
 * @param next handles what is admitted
 */
public record AdminOnly(AdminAccess access, Request.Handler next) implements Request.Handler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!access.admits(request.getHeaders())) {
            throw new ApiException(
                    ApiError.unauthorized("the admin token is needed, as Authorization: Bearer or as X-Admin-Token"));
        }
        return next.handle(request, response, callback);
    }
}
