package ml.helix.wolf.controlplane;

import java.util.Map;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Which handler a path belongs to. Goes by the raw path, in which an escape never stands for a slash or a dot.
 *
 * @param exact by the whole path
 * @param below by what the path begins with
 */
record Routes(Map<String, Request.Handler> exact, Map<String, Request.Handler> below) implements Request.Handler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        return find(request.getHttpURI().getPath()).handle(request, response, callback);
    }

    private Request.Handler find(String path) throws ApiException {
        Request.Handler handler = exact.get(path);
        if (handler != null) {
            return handler;
        }
        return below.entrySet().stream()
                .filter(entry -> path.startsWith(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> new ApiException(ApiError.notFound("no such path")));
    }
}
