package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.auth.ServiceAccountTokens.RefusedException;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.RequestFacts.Role;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;

/**
 * Finds the runner token of a request, for control and data connections alike. An admin token is never one of them. Thread
 * safe.
 */
public final class RunnerAccess {
    private static final String NEEDED = "Authorization: a Bearer with the runners' token is needed";

    private final ReloadedTokens tokens;
    private final Optional<ServiceAccountTokens> serviceAccounts;
    private final AdminAccess admin;
    private final Refusals refusals;

    /**
     * @param issuer a cluster whose ServiceAccount tokens are runner tokens too
     * @param nanoTime decides when files are read again
     * @param clock decides which tokens have expired
     * @throws IOException if the tokens can't be read
     */
    public RunnerAccess(
            TokenSource source,
            Optional<TokenIssuer> issuer,
            AdminAccess admin,
            Refusals refusals,
            LongSupplier nanoTime,
            InstantSource clock)
            throws IOException {
        this.admin = admin;
        this.refusals = refusals;
        tokens = new ReloadedTokens(
                "agents",
                source,
                token -> token.readOnly() || admin.knows(token.secret().reveal()),
                nanoTime);
        serviceAccounts = issuer.map(cluster -> ServiceAccountTokens.of(cluster, nanoTime, clock));
    }

    /** Without ServiceAccount tokens. */
    public RunnerAccess(TokenSource source, AdminAccess admin, Refusals refusals, LongSupplier nanoTime)
            throws IOException {
        this(source, Optional.empty(), admin, refusals, nanoTime, InstantSource.system());
    }

    /**
     * The token that the request carries.
     *
     * @throws ApiException 401 if it carries none that is known
     */
    public AccessToken admit(Request request) throws ApiException {
        try {
            AccessToken token = verify(Bearer.token(request.getHeaders())
                    .orElseThrow(() -> refusals.unauthorized(request, Refusals.Asker.AGENT, NEEDED)));
            token.admit(request, Role.RUNNER);
            return token;
        } catch (RefusedException e) {
            throw refusals.unauthorized(
                    request,
                    Refusals.Asker.AGENT,
                    NEEDED + "; the token " + e.getMessage(),
                    "its token " + e.getMessage());
        }
    }

    /** @throws ApiException 403 if the token doesn't open that id */
    public void requireOpens(Request request, AccessToken token, String runnerId) throws ApiException {
        if (!token.opens(runnerId)) {
            throw refusals.forbidden(request, Refusals.Asker.AGENT, token, runnerId);
        }
    }

    /** The token that the fields carry. Takes the same time for each wrong token that is no JWT. */
    public Optional<AccessToken> find(HttpFields fields) {
        try {
            Optional<String> candidate = Bearer.token(fields);
            return candidate.isEmpty() ? Optional.empty() : Optional.of(verify(candidate.get()));
        } catch (RefusedException e) {
            return Optional.empty();
        }
    }

    private AccessToken verify(String candidate) throws RefusedException {
        if (admin.knows(candidate)) {
            throw new RefusedException("is an admin token");
        }
        Optional<AccessToken> known = tokens.find(candidate);
        if (known.isPresent()) {
            return known.get();
        }
        if (serviceAccounts.isEmpty() || !ServiceAccountTokens.isOne(candidate)) {
            throw new RefusedException("is not known");
        }
        return serviceAccounts.get().verify(candidate);
    }
}
