package ml.helix.wolf.controlplane.proxy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Writes the head of a caller's request as Wolf gets it: one request per connection, a body of known length, {@code Host:
 * localhost}, {@code X-Forwarded-*}, and no admin token.
 */
final class RequestHead {
    /** Set here, not copied; {@code Expect} is answered by the control plane. */
    private static final Set<String> REPLACED =
            Set.of("host", "content-length", "expect", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto");

    /** W3C Trace Context. */
    private static final Set<String> TRACE_CONTEXT = Set.of("traceparent", "tracestate");

    private RequestHead() {}

    /** Whether the caller wants to leave HTTP after this request. An upgrade to HTTP/2 is ignored: Wolf doesn't speak it. */
    static boolean wantsUpgrade(Request request) {
        return HttpVersion.HTTP_1_1.is(request.getConnectionMetaData().getProtocol())
                && request.getHeaders().contains(HttpHeader.UPGRADE)
                && !request.getHeaders().contains(HttpHeader.UPGRADE, "h2c")
                && request.getHeaders().contains(HttpHeader.CONNECTION, "upgrade");
    }

    /**
     * @param bodyLength in bytes; empty for a request without a body
     * @param trace what Wolf is told of the trace; empty if it gets the caller's own fields
     */
    static byte[] bytes(
            Request request,
            String requestTarget,
            Optional<Long> bodyLength,
            AdminAccess access,
            Destinations destinations,
            Map<String, String> trace) {
        HttpFields fields = request.getHeaders();
        HopByHop hopByHop = HopByHop.of(fields);
        var head = new StringBuilder();
        head.append(request.getMethod()).append(' ').append(requestTarget).append(" HTTP/1.1\r\n");
        addField(head, "Host", "localhost");
        if (wantsUpgrade(request)) {
            addField(head, "Connection", "Upgrade");
            addField(head, "Upgrade", String.valueOf(fields.get(HttpHeader.UPGRADE)));
        } else {
            addField(head, "Connection", "close");
        }
        bodyLength.ifPresent(length -> addField(head, "Content-Length", String.valueOf(length)));
        for (HttpField field : fields) {
            boolean dropped = hopByHop.contains(field)
                    || REPLACED.contains(field.getLowerCaseName())
                    || (!trace.isEmpty() && TRACE_CONTEXT.contains(field.getLowerCaseName()));
            if (!dropped && access.passesOn(field, fields) && destinations.passesOn(field)) {
                addField(head, field.getName(), field.getValue());
            }
        }
        trace.forEach((name, value) -> addField(head, name, value));
        addForwarded(head, request);
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Keeps what an earlier proxy has set: only that proxy knows the outermost host and scheme. */
    private static void addForwarded(StringBuilder head, Request request) {
        HttpFields fields = request.getHeaders();
        String earlier = String.join(", ", fields.getValuesList("X-Forwarded-For"));
        addField(head, "X-Forwarded-For", (earlier.isEmpty() ? "" : earlier + ", ") + Request.getRemoteAddr(request));
        addField(head, "X-Forwarded-Host", firstNonNull(fields.get("X-Forwarded-Host"), fields.get(HttpHeader.HOST)));
        addField(
                head,
                "X-Forwarded-Proto",
                firstNonNull(
                        fields.get("X-Forwarded-Proto"), request.getHttpURI().getScheme()));
    }

    private static String firstNonNull(@Nullable String first, @Nullable String second) {
        return first != null ? first : second != null ? second : "";
    }

    private static void addField(StringBuilder head, String name, String value) {
        if (!value.isEmpty()) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
    }
}
