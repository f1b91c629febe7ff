package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import ml.helix.wolf.controlplane.http.TextResponse;
import org.eclipse.jetty.http.HttpStatus;

/** The description of the API, kept by hand in {@code openapi.json}. {@code OpenApiIT} compares it with {@link Routes}. */
final class OpenApi {
    private OpenApi() {}

    static TextResponse response() {
        return new TextResponse(HttpStatus.OK_200, "application/json", text());
    }

    private static String text() {
        try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
