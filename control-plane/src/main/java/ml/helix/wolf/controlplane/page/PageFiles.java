package ml.helix.wolf.controlplane.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import ml.helix.wolf.controlplane.http.TextResponse;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;

/** The page's files, from the jar. They tell nothing of the instances, so everybody may have them. Immutable. */
public final class PageFiles implements TextResponse.Maker {
    private static final String INDEX = "index.html";
    private static final List<String> NAMES =
            List.of(INDEX, "page.css", "page.js", "events.js", "instances.js", "table.js", "icon.svg");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml");
    /** The page loads its own files, calls its own control plane, and can't run a script that it didn't load. */
    private static final HttpFields FIELDS = HttpFields.build()
            .put(
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                            + " require-trusted-types-for 'script'; trusted-types 'none'")
            .put("X-Content-Type-Options", "nosniff")
            .put("Referrer-Policy", "no-referrer")
            .put("Cross-Origin-Opener-Policy", "same-origin")
            .put("Cross-Origin-Resource-Policy", "same-origin")
            .put(HttpHeader.CACHE_CONTROL, "no-cache")
            .asImmutable();

    private final Map<String, TextResponse> files =
            NAMES.stream().collect(Collectors.toUnmodifiableMap(Function.identity(), PageFiles::read));

    /** The file that the path's parameter {@code file} names; without one, the page itself. */
    @Override
    public TextResponse make(Request request, PathMatch path) throws ApiException {
        TextResponse file = files.get(path.raw().getOrDefault("file", INDEX));
        if (file == null) {
            throw new ApiException(ApiError.notFound("the page has no such file"));
        }
        return file;
    }

    private static TextResponse read(String name) {
        try (InputStream file = PageFiles.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException("not in the jar: " + name);
            }
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            String type = TYPES.getOrDefault(name.substring(name.indexOf('.') + 1), "");
            return new TextResponse(HttpStatus.OK_200, type, text, FIELDS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
