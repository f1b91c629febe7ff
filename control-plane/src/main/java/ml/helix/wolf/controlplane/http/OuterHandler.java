package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.StreamLog;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Surrounds all other handlers. It admits a connection that brings a valid token, and it is the one place where a failure
 * becomes an answer: an {@link ApiException} and a {@link DialException} say which, a body that stalls is 408, what nobody
 * has planned for is 500 and is logged here. Requests that Jetty itself refuses never come here: see {@link JsonErrors}.
 */
final class OuterHandler extends Handler.Abstract {
    private static final ApiError STALLED = new ApiError(
            HttpStatus.REQUEST_TIMEOUT_408, "RequestTimeout", "nothing came of the request's body for too long");
    private static final ApiError UNEXPECTED = new ApiError(
            HttpStatus.INTERNAL_SERVER_ERROR_500,
            "ServerError",
            "the control plane failed to handle the request; its log says why");
    private static final Logger log = LoggerFactory.getLogger(OuterHandler.class);

    private final Predicate<HttpFields> authorised;
    private final Request.Handler handler;
    private volatile boolean draining;

    OuterHandler(Predicate<HttpFields> authorised, Request.Handler handler) {
        this.authorised = authorised;
        this.handler = handler;
    }

    /** From now on closes each connection after its response, so that callers move on. */
    void drain() {
        draining = true;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        GuardedEndPoint connection = GuardedEndPoint.of(request);
        connection.requestBegins();
        if (!connection.isAdmitted() && authorised.test(request.getHeaders())) {
            connection.admit();
        }
        closeAfterwardsIfNeeded(request, response);
        try {
            return handler.handle(request, response, callback);
        } catch (ApiException e) {
            refuse(request, response, callback, e.error());
        } catch (DialException e) {
            refuse(request, response, callback, ApiError.of(e));
        } catch (IOException e) {
            if (e.getCause() instanceof TimeoutException && !response.isCommitted()) {
                refuse(request, response, callback, STALLED);
            } else {
                log.debug("{} broke off", describe(request), e);
                callback.failed(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            callback.failed(e);
        } catch (Exception e) {
            if (e instanceof HttpException) { // Jetty's own: JsonErrors answers
                callback.failed(e);
            } else {
                log.error("{} failed", describe(request), e);
                refuse(request, response, callback, UNEXPECTED);
            }
        } finally {
            StreamLog.NONE.set(); // the connection's next request may run on this thread
        }
        return true;
    }

    private static String describe(Request request) {
        return request.getMethod() + " " + request.getHttpURI().getPath();
    }

    /** After CONNECT too: no caller gets a tunnel, and what follows was meant for one and must not be read as a request. */
    private void closeAfterwardsIfNeeded(Request request, Response response) {
        boolean moveOn = draining && !request.getHeaders().contains(HttpHeader.UPGRADE);
        if (moveOn || !GuardedEndPoint.of(request).isAdmitted() || HttpMethod.CONNECT.is(request.getMethod())) {
            response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE.asString());
        }
    }

    /** A response that has begun can't become another one: it is cut off. The body of an unauthorised caller is not read. */
    private void refuse(Request request, Response response, Callback callback, ApiError error) {
        if (response.isCommitted()) {
            callback.failed(new IOException("the response had begun: " + error.message()));
            return;
        }
        response.reset();
        closeAfterwardsIfNeeded(request, response);
        try (Blocker.Callback written = Blocker.callback()) {
            error.send(response, written);
            written.block();
            if (error != STALLED
                    && error.status() != HttpStatus.UNAUTHORIZED_401
                    && error.status() != HttpStatus.TOO_MANY_REQUESTS_429) {
                UnreadBody.discard(request);
            }
            callback.succeeded();
        } catch (IOException e) {
            callback.failed(e);
        }
    }
}
