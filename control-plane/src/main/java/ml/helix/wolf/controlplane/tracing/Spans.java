package ml.helix.wolf.controlplane.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import ml.helix.wolf.controlplane.dialing.Dial;
import org.jspecify.annotations.Nullable;

/**
 * The spans of one request: {@code dial} with {@code pickup} in it, then {@code Wolf}, for each instance that was tried. For one
 * thread.
 */
final class Spans implements RequestTrace {
    private static final String STATUS = "http.response.status_code";

    private final Tracer tracer;
    private final Span request;
    private final Context context;
    private final String method;
    private String runnerId = "";
    private @Nullable Span dial;
    private @Nullable Span wolf;

    Spans(Tracer tracer, Span request, String method) {
        this.tracer = tracer;
        this.request = request;
        this.context = Context.root().with(request);
        this.method = method;
    }

    @Override
    public void dials(String runner) {
        endWolf();
        runnerId = runner;
        request.setAttribute("wolf.instance", runner);
        dial = span("dial", context).startSpan();
    }

    @Override
    public void dialled(Dial done) {
        endDial(done, "");
    }

    @Override
    public void dialFailed(Dial done, String code) {
        endDial(done, code);
    }

    private void endDial(Dial done, String code) {
        Span span = dial;
        if (span == null) {
            return;
        }
        span.setAttribute("wolf.dial", done.id());
        span.setAttribute("wolf.picked_up_ahead", done.isPickedUpAhead());
        done.askedAt().ifPresent(asked -> {
            Instant start = Instant.now().minusNanos(System.nanoTime() - asked);
            Span pickup = span("pickup", Context.root().with(span))
                    .setStartTimestamp(start)
                    .startSpan();
            fail(pickup, code);
            pickup.end();
        });
        fail(span, code);
        span.end();
        dial = null;
    }

    @Override
    public Map<String, String> asks() {
        Span span = span("Wolf", context)
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute(OtlpTracing.METHOD, method)
                .startSpan();
        wolf = span;
        Map<String, String> fields = new HashMap<>();
        W3CTraceContextPropagator.getInstance().inject(Context.root().with(span), fields, (map, name, value) -> {
            if (map != null) {
                map.put(name, value);
            }
        });
        return fields;
    }

    @Override
    public void answered(int status) {
        if (wolf != null) {
            wolf.setAttribute(STATUS, status);
        }
    }

    @Override
    public void failed(String code) {
        if (wolf != null) {
            fail(wolf, code);
        }
        endWolf();
    }

    @Override
    public void ends(int status, String error) {
        if (dial != null) { // its caller has gone
            dial.end();
            dial = null;
        }
        endWolf();
        request.setAttribute(STATUS, status);
        fail(request, error);
        request.end();
    }

    private void endWolf() {
        if (wolf != null) {
            wolf.end();
            wolf = null;
        }
    }

    private SpanBuilder span(String name, Context parent) {
        return tracer.spanBuilder(name).setParent(parent).setAttribute("wolf.instance", runnerId);
    }

    private static void fail(Span span, String code) {
        if (!code.isEmpty()) {
            span.setAttribute("error.type", code).setStatus(StatusCode.ERROR);
        }
    }
}
