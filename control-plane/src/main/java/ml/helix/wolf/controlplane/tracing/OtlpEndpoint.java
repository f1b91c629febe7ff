package ml.helix.wolf.controlplane.tracing;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;

/** Where traces go, as OpenTelemetry's specification of the OTLP exporter has it. */
public final class OtlpEndpoint {
    private OtlpEndpoint() {}

    /**
     * @param base OTEL_EXPORTER_OTLP_ENDPOINT, if it is set
     * @param environment may have an endpoint for traces alone, which wins, and the switch that turns all of it off
     * @throws IllegalArgumentException if the variables ask for what this program can't do; says what to write instead
     */
    public static Optional<URI> of(Optional<URI> base, Map<String, String> environment) {
        if (environment.getOrDefault("OTEL_SDK_DISABLED", "").equalsIgnoreCase("true")) {
            return Optional.empty();
        }
        String traces = environment.getOrDefault("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "");
        Optional<URI> endpoint = traces.isEmpty()
                ? base.map(url -> URI.create(url.toString().replaceFirst("/*$", "") + "/v1/traces"))
                : Optional.of(parse(traces));
        String protocol = environment.getOrDefault(
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", environment.getOrDefault("OTEL_EXPORTER_OTLP_PROTOCOL", ""));
        if (endpoint.isPresent() && !protocol.isEmpty() && !protocol.equals("http/protobuf")) {
            throw new IllegalArgumentException("OTEL_EXPORTER_OTLP_PROTOCOL can only be http/protobuf, not '" + protocol
                    + "': name the receiver's port for HTTP, mostly 4318");
        }
        return endpoint;
    }

    /** @throws IllegalArgumentException says what to write instead; never with the URL's password */
    public static URI parse(String text) {
        URI url;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("must be a URL such as http://collector:4318", e);
        }
        if (url.getRawUserInfo() != null) {
            throw new IllegalArgumentException(
                    "must hold no user or password: they belong in OTEL_EXPORTER_OTLP_HEADERS");
        }
        boolean http = "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
        if (!http || url.getHost() == null || url.getRawQuery() != null || url.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "must be a URL such as http://collector:4318 or https://…, without a query");
        }
        return url;
    }
}
