package ml.helix.wolf.controlplane.auth;

import ml.helix.wolf.controlplane.http.AccessRule;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.server.Request;

/** The rules for routes that callers with an admin token may use. Thread safe. */
public record AdminRules(AdminAccess access, Refusals refusals) {

    /** Any admin token. */
    public AccessRule anyToken() {
        return (request, path) -> token(request);
    }

    /** An admin token that opens every id: for what tells of all of them. */
    public AccessRule everyId() {
        return (request, path) -> {
            AccessToken token = token(request);
            if (!token.opensAll()) {
                throw refusals.forbidden(request, Refusals.Asker.CALLER, token, "what tells of every id");
            }
        };
    }

    /**
     * An admin token that opens the id in the path.
     *
     * @param parameter the path's parameter that holds the id
     */
    public AccessRule idIn(String parameter) {
        return (request, path) -> {
            AccessToken token = token(request);
            String id = path.parameter(parameter);
            if (!token.opens(id)) {
                throw refusals.forbidden(request, Refusals.Asker.CALLER, token, id);
            }
        };
    }

    private AccessToken token(Request request) throws ApiException {
        return access.find(request.getHeaders())
                .orElseThrow(() -> refusals.unauthorized(
                        request,
                        Refusals.Asker.CALLER,
                        "the admin token is needed, as Authorization: Bearer or as X-Admin-Token"));
    }
}
