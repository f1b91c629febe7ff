package ml.helix.wolf.controlplane.http;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Answers requests that Jetty itself refuses, such as those it can't read, in the form that all errors have. Closes the
 * connection: Jetty may have lost where the next request begins.
 */
final class JsonErrors implements Request.Handler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
        String code = HttpStatus.getMessage(status).replace(" ", "");
        boolean serverError = HttpStatus.isServerError(status);
        var error = new ApiError(
                status,
                code,
                serverError || message == null ? "the control plane failed to handle the request" : message.toString());
        response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
        if (HttpMethod.HEAD.is(request.getMethod())
                || (request.getConnectionMetaData().getConnection() instanceof BoundedHttpConnection connection
                        && connection.asksForHead())) {
            error.sendWithoutBody(response, callback);
        } else {
            error.send(response, callback);
        }
        return true;
    }
}
