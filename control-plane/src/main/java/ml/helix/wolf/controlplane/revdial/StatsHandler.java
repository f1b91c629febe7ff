package ml.helix.wolf.controlplane.revdial;

import java.util.function.Supplier;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.Query;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.revdial.Stats;
import org.eclipse.jetty.server.Request;

/**
 * Four numbers: of all replicas together, or with {@code ?scope=local} of this one.
 *
 * @param all may block for a second
 */
public record StatsHandler(Supplier<Stats> all, Supplier<Stats> local) {

    /** @throws ApiException for an unknown scope */
    public TextResponse answer(Request request) throws ApiException {
        String scope = Query.fields(request).getValue("scope");
        if (scope != null && !scope.equals("local")) {
            throw new ApiException(ApiError.badRequest("scope: it must be local, or be left out for all replicas"));
        }
        return TextResponse.json((scope == null ? all : local).get());
    }
}
