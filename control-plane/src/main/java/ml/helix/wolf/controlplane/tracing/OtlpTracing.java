package ml.helix.wolf.controlplane.tracing;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exports traces with OTLP over HTTP, from a thread of its own and in batches. Of what the receiver doesn't take, some thousand
 * spans wait; the rest is dropped. OpenTelemetry's own variables (OTEL_…) set everything but the endpoint. Thread safe.
 */
final class OtlpTracing implements Tracing {
    static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");

    private static final long LAST_SPANS_SECONDS = 2;
    private static final Logger log = LoggerFactory.getLogger(OtlpTracing.class);
    /** The library logs there. Kept here, since the JDK drops a logger that nobody keeps. */
    private static final java.util.logging.Logger LIBRARY = java.util.logging.Logger.getLogger("io.opentelemetry");

    private final OpenTelemetrySdk sdk;
    private final Tracer tracer;

    private OtlpTracing(OpenTelemetrySdk sdk) {
        this.sdk = sdk;
        this.tracer = sdk.getTracer("wolf-control-plane");
    }

    static OtlpTracing to(URI endpoint) throws IOException {
        LIBRARY.setUseParentHandlers(false);
        LIBRARY.addHandler(new ToOwnLog());
        try {
            var tracing = new OtlpTracing(AutoConfiguredOpenTelemetrySdk.builder()
                    .disableShutdownHook()
                    .addPropertiesSupplier(() -> Map.of("otel.service.name", "wolf-control-plane"))
                    .addPropertiesCustomizer(given -> Map.of(
                            "otel.exporter.otlp.traces.endpoint", endpoint.toString(),
                            "otel.exporter.otlp.traces.protocol", "http/protobuf",
                            "otel.metrics.exporter", "none",
                            "otel.logs.exporter", "none"))
                    .build()
                    .getOpenTelemetrySdk());
            log.info("Traces go to {}", endpoint);
            return tracing;
        } catch (ConfigurationException e) {
            // Behind the variable's name comes its value, which may be a secret.
            String reason = String.valueOf(e.getMessage()).replaceFirst("(?s)[=:\"'].*", "");
            throw new IOException("no traces with these OTEL_… variables: " + reason, e);
        }
    }

    @Override
    public RequestTrace begin(String method, String route, Function<String, @Nullable String> fields) {
        Context callers = W3CTraceContextPropagator.getInstance().extract(Context.root(), fields, FromRequest.INSTANCE);
        return new Spans(
                tracer,
                tracer.spanBuilder(method + " " + route)
                        .setParent(callers)
                        .setSpanKind(SpanKind.SERVER)
                        .setAttribute(METHOD, method)
                        .setAttribute("http.route", route)
                        .startSpan(),
                method);
    }

    @Override
    public void close() {
        sdk.shutdown().join(LAST_SPANS_SECONDS, TimeUnit.SECONDS);
    }

    private enum FromRequest implements TextMapGetter<Function<String, @Nullable String>> {
        INSTANCE;

        @Override
        @SuppressWarnings("deprecation") // abstract nevertheless
        public Iterable<String> keys(Function<String, @Nullable String> fields) {
            return List.of();
        }

        @Override
        public @Nullable String get(@Nullable Function<String, @Nullable String> fields, String key) {
            return fields == null ? null : fields.apply(key);
        }
    }

    /** The library says seldom, but with a stack trace, that nothing can be sent. */
    private static final class ToOwnLog extends Handler {
        @Override
        public void publish(LogRecord line) {
            if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                log.warn("Traces: {}", line.getMessage());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
