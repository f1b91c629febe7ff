package ml.helix.wolf.controlplane.proxy;

import java.nio.charset.StandardCharsets;
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
 * The head of a caller's request as Wolf gets it: one request per connection, a body of known length, {@code Host:
 * localhost}, {@code X-Forwarded-*}, and no admin token.
 */
final class RequestHead {
    /** Set here and not copied; an Expect is answered by this side. */
    private static final Set<String> OWN =
            Set.of("host", "content-length", "expect", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto");

    private RequestHead() {}

    /** Whether the caller wants to leave HTTP after this request; for HTTP/2 is no reason, Wolf doesn't speak it. */
    static boolean wantsUpgrade(Request request) {
        return HttpVersion.HTTP_1_1.is(request.getConnectionMetaData().getProtocol())
                && request.getHeaders().contains(HttpHeader.UPGRADE)
                && !request.getHeaders().contains(HttpHeader.UPGRADE, "h2c")
                && request.getHeaders().contains(HttpHeader.CONNECTION, "upgrade");
    }

    /** @param bodyLength in bytes; nothing for a request without a body */
    static byte[] head(Request request, String requestTarget, Optional<Long> bodyLength, AdminAccess access) {
        HttpFields fields = request.getHeaders();
        HopByHop hopByHop = HopByHop.of(fields);
        var head = new StringBuilder();
        head.append(request.getMethod()).append(' ').append(requestTarget).append(" HTTP/1.1\r\n");
        line(head, "Host", "localhost");
        if (wantsUpgrade(request)) {
            line(head, "Connection", "Upgrade");
            line(head, "Upgrade", String.valueOf(fields.get(HttpHeader.UPGRADE)));
        } else {
            line(head, "Connection", "close");
        }
        bodyLength.ifPresent(length -> line(head, "Content-Length", String.valueOf(length)));
        for (HttpField field : fields) {
            boolean ends = hopByHop.contains(field) || OWN.contains(field.getLowerCaseName());
            if (!ends && access.passesOn(field, fields)) {
                line(head, field.getName(), field.getValue());
            }
        }
        forwarded(head, request);
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What a proxy before this one said is kept: only it knows the outermost host and scheme. */
    private static void forwarded(StringBuilder head, Request request) {
        HttpFields fields = request.getHeaders();
        String before = String.join(", ", fields.getValuesList("X-Forwarded-For"));
        line(head, "X-Forwarded-For", (before.isEmpty() ? "" : before + ", ") + Request.getRemoteAddr(request));
        line(head, "X-Forwarded-Host", orElse(fields.get("X-Forwarded-Host"), fields.get(HttpHeader.HOST)));
        line(
                head,
                "X-Forwarded-Proto",
                orElse(fields.get("X-Forwarded-Proto"), request.getHttpURI().getScheme()));
    }

    private static String orElse(@Nullable String first, @Nullable String second) {
        return first != null ? first : second != null ? second : "";
    }

    private static void line(StringBuilder head, String name, String value) {
        if (!value.isEmpty()) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
    }
}
