package ml.helix.wolf.controlplane.auth;

import ml.helix.wolf.program.Secret;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * Lets callers in: those that send the admin token, as {@code Authorization: Bearer} or as {@code X-Admin-Token}.
 *
 * @param token what a caller needs
 */
public record AdminAccess(Secret token) {
    private static final String OWN_HEADER = "X-Admin-Token";

    /** Whether the request carries the token; takes as long for a near miss as for a far one. */
    public boolean admits(HttpFields fields) {
        return inOwnHeader(fields)
                || Bearer.token(fields).filter(token::matches).isPresent();
    }

    private boolean inOwnHeader(HttpFields fields) {
        String own = fields.get(OWN_HEADER);
        return own != null && token.matches(own.strip());
    }

    /**
     * Whether a field of an admitted request may go on to Wolf. {@code X-Admin-Token} never does; {@code Authorization}
     * does where the token came by {@code X-Admin-Token}, and not where it holds the token as well.
     */
    public boolean passesOn(HttpField field, HttpFields fields) {
        if (field.is(OWN_HEADER)) {
            return false;
        }
        if (!field.is(HttpHeader.AUTHORIZATION.asString())) {
            return true;
        }
        return inOwnHeader(fields)
                && Bearer.token(field.getValue()).filter(token::matches).isEmpty();
    }
}
