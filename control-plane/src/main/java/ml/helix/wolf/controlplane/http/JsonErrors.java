package ml.helix.wolf.controlplane.http;

import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Says what Jetty itself refuses, such as a request it can't read, in the form that all errors have. */
final class JsonErrors implements Request.Handler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
        String code = HttpStatus.getMessage(status).replace(" ", "");
        boolean ours = HttpStatus.isServerError(status);
        new ApiError(status, code, ours || message == null ? "it could not be handled" : message.toString())
                .send(response, callback);
        return true;
    }
}
