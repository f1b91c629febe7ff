package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.util.Optional;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;

/**
 * Finds the runner token of a request, for control and data connections alike. An admin token is never one of them. Thread
 * safe.
 */
public final class RunnerAccess {
    private final ReloadedTokens tokens;
    private final AdminAccess admin;
    private final Refusals refusals;

    /** @throws IOException if the tokens can't be read */
    public RunnerAccess(TokenSource source, AdminAccess admin, Refusals refusals, LongSupplier nanoTime)
            throws IOException {
        this.admin = admin;
        this.refusals = refusals;
        tokens = new ReloadedTokens(
                "agents",
                source,
                token -> token.readOnly() || admin.knows(token.secret().reveal()),
                nanoTime);
    }

    /**
     * The token that the request carries.
     *
     * @throws ApiException 401 if it carries none that is known
     */
    public AccessToken admit(Request request) throws ApiException {
        AccessToken token = find(request.getHeaders())
                .orElseThrow(() -> refusals.unauthorized(
                        request, Refusals.Asker.AGENT, "Authorization: a Bearer with the runners' token is needed"));
        token.admit(request);
        return token;
    }

    /** @throws ApiException 403 if the token doesn't open that id */
    public void requireOpens(Request request, AccessToken token, String runnerId) throws ApiException {
        if (!token.opens(runnerId)) {
            throw refusals.forbidden(request, Refusals.Asker.AGENT, token, runnerId);
        }
    }

    /** The token that the fields carry. Takes the same time for each wrong token. */
    public Optional<AccessToken> find(HttpFields fields) {
        return Bearer.token(fields).filter(candidate -> !admin.knows(candidate)).flatMap(tokens::find);
    }
}
