package ml.helix.wolf.controlplane.tracing;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes a trace of each request. Never blocks one. Thread safe. */
public interface Tracing extends AutoCloseable {
    /** Keeps nothing, costs nothing. */
    Tracing OFF = (method, route, fields) -> RequestTrace.OFF;

    /**
     * Begins it, as a part of the caller's trace if the request names one.
     *
     * @param route its path template
     * @param fields the request's fields by their names
     */
    RequestTrace begin(String method, String route, Function<String, @Nullable String> fields);

    /** Exports what is left, for a short time. Idempotent. */
    @Override
    default void close() {}

    /**
     * Exports to an endpoint, or {@link #OFF} without one.
     *
     * @throws IOException if a standard variable (OTEL_…) has an invalid value
     */
    static Tracing to(Optional<URI> endpoint) throws IOException {
        return endpoint.isEmpty() ? OFF : OtlpTracing.to(endpoint.get());
    }
}
