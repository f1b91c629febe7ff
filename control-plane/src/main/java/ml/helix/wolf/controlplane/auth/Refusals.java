package ml.helix.wolf.controlplane.auth;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.program.Printable;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the errors 401 and 403, logs each with the caller's address and without the token, and counts them. Thread safe. */
public final class Refusals {
    private static final Logger log = LoggerFactory.getLogger(Refusals.class);

    private final Counter refusals;
    private final WrongTokens wrongTokens;

    /** Who asks. */
    public enum Asker {
        AGENT("an agent", "agent"),
        CALLER("a caller", "caller");

        private final String words;
        private final String label;

        Asker(String words, String label) {
            this.words = words;
            this.label = label;
        }
    }

    public Refusals(PrometheusRegistry registry) {
        this(registry, System::nanoTime);
    }

    Refusals(PrometheusRegistry registry, LongSupplier nanoTime) {
        wrongTokens = new WrongTokens(nanoTime);
        refusals = Counter.builder()
                .name("wolf_control_plane_refusals_total")
                .help(
                        "Requests without a token that is known (401; 429 after too many), or with one that doesn't open the id (403).")
                .labelNames("asker", "status")
                .register(registry);
        for (Asker asker : Asker.values()) {
            refusals.initLabelValues(asker.label, "401");
            refusals.initLabelValues(asker.label, "403");
        }
        refusals.initLabelValues(Asker.CALLER.label, "429");
    }

    /** 401. {@code message} says which token is needed. */
    ApiException unauthorized(Request request, Asker asker, String message) {
        boolean sent = request.getHeaders().contains(HttpHeader.AUTHORIZATION)
                || request.getHeaders().contains(AdminAccess.OWN_HEADER);
        Duration wait = sent && asker == Asker.CALLER ? wait(request) : Duration.ZERO;
        return wait.isPositive()
                ? tooMany(wait)
                : unauthorized(request, asker, message, sent ? "its token is not known" : "it sent no token");
    }

    private Duration wait(Request request) {
        return request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress remote
                ? wrongTokens.add(remote.getAddress())
                : Duration.ZERO;
    }

    /** Not logged: the 401s before it were. Agents never get it, because they have to see that their token is wrong. */
    private ApiException tooMany(Duration wait) {
        refusals.labelValues(Asker.CALLER.label, "429").inc();
        return new ApiException(new ApiError(
                HttpStatus.TOO_MANY_REQUESTS_429,
                "TooManyRequests",
                "too many wrong tokens came from this address; a right one is accepted all the same",
                HttpFields.build().put(HttpHeader.RETRY_AFTER, wait.toSeconds() + 1)));
    }

    /** As above; {@code why} is for the log. */
    ApiException unauthorized(Request request, Asker asker, String message, String why) {
        refusals.labelValues(asker.label, "401").inc();
        log.warn(
                "{} (port {}) gets 401 as {}: {}",
                Request.getRemoteAddr(request),
                Request.getRemotePort(request),
                asker.words,
                why);
        return new ApiException(ApiError.unauthorized(message));
    }

    /** 403 for a token that is known. {@code what} is what it doesn't open, for example an id. */
    ApiException forbidden(Request request, Asker asker, AccessToken token, String what) {
        refusals.labelValues(asker.label, "403").inc();
        log.warn(
                "{} (port {}) gets 403 as {}: its token {} does not open {}",
                Request.getRemoteAddr(request),
                Request.getRemotePort(request),
                asker.words,
                token.name(),
                what);
        return new ApiException(new ApiError(HttpStatus.FORBIDDEN_403, "Forbidden", "the token does not open " + what));
    }

    /** 403 for an admin token that only lets its caller look. */
    ApiException readOnly(Request request, AccessToken token) {
        refusals.labelValues(Asker.CALLER.label, "403").inc();
        log.warn(
                "{} (port {}) gets 403 as a caller: its token {} is read-only, and {} is not reading",
                Request.getRemoteAddr(request),
                Request.getRemotePort(request),
                token.name(),
                Printable.of(request.getMethod() + " " + request.getHttpURI().getPath()));
        return new ApiException(
                new ApiError(
                        HttpStatus.FORBIDDEN_403,
                        "ReadOnly",
                        "the token is read-only: it may look at the instances, but not change them or send requests to their Wolf"));
    }
}
