package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * Finds the admin token of a request, which callers send as {@code Authorization: Bearer} or as {@code X-Admin-Token}.
 * Thread safe.
 */
public final class AdminAccess {
    static final String OWN_HEADER = "X-Admin-Token";

    private final ReloadedTokens tokens;

    /** @throws IOException if the tokens can't be read */
    public AdminAccess(TokenSource source, LongSupplier nanoTime) throws IOException {
        tokens = new ReloadedTokens("callers", source, token -> false, nanoTime);
    }

    /** The admin token that the request carries. Takes the same time for each wrong token. */
    public Optional<AccessToken> find(HttpFields fields) {
        return inOwnHeader(fields).or(() -> Bearer.token(fields).flatMap(tokens::find));
    }

    boolean knows(String token) {
        return tokens.find(token).isPresent();
    }

    private Optional<AccessToken> inOwnHeader(HttpFields fields) {
        return Optional.ofNullable(fields.get(OWN_HEADER)).map(String::strip).flatMap(tokens::find);
    }

    /**
     * Whether a field of an admitted request may go on to Wolf. {@code X-Admin-Token} never does; {@code Authorization}
     * does if the admin token came as {@code X-Admin-Token}, unless it holds an admin token too.
     */
    public boolean passesOn(HttpField field, HttpFields fields) {
        if (field.is(OWN_HEADER)) {
            return false;
        }
        if (!field.is(HttpHeader.AUTHORIZATION.asString())) {
            return true;
        }
        return inOwnHeader(fields).isPresent()
                && Bearer.token(field.getValue()).filter(this::knows).isEmpty();
    }
}
