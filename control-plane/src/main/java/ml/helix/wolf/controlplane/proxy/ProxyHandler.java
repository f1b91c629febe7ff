package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.util.Optional;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.tunnel.Tunnels;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * {@code ANY /api/v1/wolf-instances/{id}/proxy/{path}}: the request goes through that id's tunnel, one dial for each,
 * and its response comes back, both as they come. Whoever calls has been admitted before. Thread safe.
 */
public final class ProxyHandler implements Request.Handler {
    private final Tunnels tunnels;
    private final AdminAccess access;
    private final BodyMemory memory = BodyMemory.ofHeap();

    /** @param access keeps the admin token from Wolf */
    public ProxyHandler(Tunnels tunnels, AdminAccess access) {
        this.tunnels = tunnels;
        this.access = access;
    }

    /**
     * The id that a request is for.
     *
     * @throws ApiException as {@link ProxyTarget#of}
     */
    public static Optional<String> runnerId(Request request) throws ApiException {
        var uri = request.getHttpURI();
        return Optional.of(ProxyTarget.of(uri.getPath(), uri.getQuery()).runnerId());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback)
            throws ApiException, IOException, InterruptedException {
        var uri = request.getHttpURI();
        ProxyTarget target = ProxyTarget.of(uri.getPath(), uri.getQuery());
        ByteStream wolf = dial(target.runnerId());
        try (RequestBody body = body(request, wolf)) {
            byte[] head = WolfRequest.head(request, target.requestTarget(), body.length(), access);
            new Exchange(request, response, callback, wolf, target.runnerId()).run(head, body);
        }
        return true;
    }

    /** Called after the dial: no body is collected for an id that isn't there. */
    private RequestBody body(Request request, ByteStream wolf) throws ApiException, IOException {
        try {
            return RequestBody.of(request, memory);
        } catch (ApiException | IOException | RuntimeException e) {
            wolf.close();
            throw e;
        }
    }

    private ByteStream dial(String runnerId) throws ApiException, InterruptedException {
        try {
            return tunnels.dial(runnerId);
        } catch (DialException e) {
            throw new ApiException(new ApiError(
                    status(e.failure()), e.failure().code(), e.failure().message(runnerId)));
        }
    }

    private static int status(DialFailure failure) {
        return switch (failure) {
            case NoConnection ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
            case ReconnectTimeout ignored -> HttpStatus.GATEWAY_TIMEOUT_504;
            case MaxPendingDials ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
            case DialTimeout ignored -> HttpStatus.GATEWAY_TIMEOUT_504;
            case PickupFailed ignored -> HttpStatus.BAD_GATEWAY_502;
            // Nobody is there to read it.
            case Withdrawn ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
        };
    }
}
