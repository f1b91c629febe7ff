package ml.helix.wolf.controlplane.auth;

import ml.helix.wolf.program.Secret;
import org.eclipse.jetty.http.HttpFields;

/**
 * Lets agents in: those that send the runners' token, on control and data connections alike.
 *
 * @param token what every agent has
 */
public record RunnerAccess(Secret token) {

    /** Whether the request carries the token; takes as long for a near miss as for a far one. */
    public boolean admits(HttpFields fields) {
        return Bearer.token(fields).filter(token::matches).isPresent();
    }
}
