package ml.helix.wolf.controlplane.auth;

import ml.helix.wolf.controlplane.http.AccessRule;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.RequestFacts.Role;
import org.eclipse.jetty.server.Request;

/** The rules for routes that callers with an admin token may use. Thread safe. */
public record AdminRules(AdminAccess access, Refusals refusals) {

    /** Any admin token, read-only or not: for what only tells, and of each id only with a token that opens it. */
    public AccessRule anyToken() {
        return (request, path) -> token(request);
    }

    /** An admin token that is not read-only. What it is used for must ask {@link AccessToken#opens} for each id. */
    public AccessRule use() {
        return (request, path) -> usable(request);
    }

    /** An admin token that opens every id, read-only or not: for what tells of all of them. */
    public AccessRule everyId() {
        return (request, path) -> {
            AccessToken token = token(request);
            if (!token.opensAll()) {
                throw refusals.forbidden(request, Refusals.Asker.CALLER, token, "what tells of every id");
            }
        };
    }

    /**
     * An admin token that opens the id in the path, and is not read-only: for what changes something or reaches Wolf.
     *
     * @param parameter the path's parameter that holds the id
     */
    public AccessRule idIn(String parameter) {
        return (request, path) -> requireOpens(request, usable(request), path.parameter(parameter));
    }

    /** As {@link #idIn}, read-only or not: for what only tells. */
    public AccessRule readIdIn(String parameter) {
        return (request, path) -> requireOpens(request, token(request), path.parameter(parameter));
    }

    /** As {@link #idIn}, or a runner's token that opens the id in the path: for what an agent says of itself. */
    public AccessRule idInOrRunner(String parameter, RunnerAccess runners) {
        AccessRule admin = idIn(parameter);
        return (request, path) -> {
            if (access.find(request.getHeaders()).isPresent()) {
                admin.check(request, path);
            } else {
                runners.requireOpens(request, runners.admit(request), path.parameter(parameter));
            }
        };
    }

    /**
     * For an id that is not in the path.
     *
     * @throws ApiException 403 if the token that was admitted doesn't open it
     */
    public void requireOpens(Request request, String id) throws ApiException {
        requireOpens(request, token(request), id);
    }

    private void requireOpens(Request request, AccessToken token, String id) throws ApiException {
        if (!token.opens(id)) {
            throw refusals.forbidden(request, Refusals.Asker.CALLER, token, id);
        }
    }

    private AccessToken usable(Request request) throws ApiException {
        AccessToken token = token(request);
        if (token.readOnly()) {
            throw refusals.readOnly(request, token);
        }
        return token;
    }

    private AccessToken token(Request request) throws ApiException {
        AccessToken token = access.find(request.getHeaders())
                .orElseThrow(() -> refusals.unauthorized(
                        request,
                        Refusals.Asker.CALLER,
                        "the admin token is needed, as Authorization: Bearer or as X-Admin-Token"));
        token.admit(request, Role.ADMIN);
        return token;
    }
}
