package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import ml.helix.wolf.controlplane.http.RouteHandler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * {@code ANY /api/v1/wolf-instances/{id}/proxy/{path}}: passes each request to the Wolf of that id over its own dial, and
 * streams the response back. Expects that the caller is already authorized. Thread safe.
 */
public final class ProxyHandler implements RouteHandler {
    private final Dialing dialing;
    private final AdminAccess access;
    private final BodyMemory memory = BodyMemory.ofHeap();

    /** @param access keeps the admin token from Wolf */
    public ProxyHandler(Dialing dialing, AdminAccess access) {
        this.dialing = dialing;
        this.access = access;
    }

    @Override
    public void handle(Request request, PathMatch path, Response response, Callback callback)
            throws ApiException, IOException, InterruptedException {
        ProxyTarget target = ProxyTarget.of(path, request.getHttpURI().getQuery());
        Dial dial = dialing.dial(target.runnerId());
        new Exchange(request, response, callback, target, dial, access, memory).run();
    }
}
