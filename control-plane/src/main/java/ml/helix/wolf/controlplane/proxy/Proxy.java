package ml.helix.wolf.controlplane.proxy;

import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.http.RequestFacts;
import ml.helix.wolf.controlplane.http.RouteHandler;
import ml.helix.wolf.controlplane.proxy.Destinations.Destination;
import ml.helix.wolf.controlplane.tracing.RequestTrace;
import ml.helix.wolf.controlplane.tracing.Tracing;

/**
 * Passes requests to Wolfs, each over its own dial, and streams the responses back. Its handlers share the memory for request
 * bodies. They expect that the caller is already authorized. Thread safe.
 */
public final class Proxy {
    private final AdminAccess access;
    private final Tracing tracing;
    private final BodyMemory memory = BodyMemory.ofHeap();

    /** @param access keeps the admin token from Wolf */
    public Proxy(AdminAccess access, Tracing tracing) {
        this.access = access;
        this.tracing = tracing;
    }

    /** {@code ANY /api/v1/wolf-instances/{id}/proxy/{path}}: to the Wolf of that id. */
    public RouteHandler toId(Dialing dialing) {
        return to((request, path) -> new OneRunner(dialing, path.parameter("id")));
    }

    /** To a Wolf that is chosen for each request. The path's rest is Wolf's path. */
    public RouteHandler to(Destinations.Selection selection) {
        return (request, path, response, callback) -> {
            RequestTarget target = RequestTarget.of(path, request.getHttpURI().getQuery());
            try (Destinations destinations = selection.of(request, path)) {
                Destination first = destinations.first();
                RequestTrace trace = tracing.begin(
                        request.getMethod(), RequestFacts.of(request).route(), request.getHeaders()::get);
                new Exchange(request, response, callback, target, destinations, first, access, memory, trace).run();
            }
        };
    }
}
