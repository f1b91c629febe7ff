package ml.helix.wolf.controlplane.proxy;

import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import ml.helix.wolf.controlplane.http.PercentEncoding;
import org.jspecify.annotations.Nullable;

/**
 * Path and query of a request as Wolf gets them.
 *
 * @param value with the caller's escapes unchanged
 */
record RequestTarget(String value) {

    /**
     * @param path its rest is Wolf's path
     * @param query with its escapes; null if there is none
     * @throws ApiException 400 if an escape is broken, if a character needs one, or if a segment is {@code .} or {@code ..},
     *     escaped or not
     */
    static RequestTarget of(PathMatch path, @Nullable String query) throws ApiException {
        String target = (path.rest().isEmpty() ? "/" : path.rest()) + (query == null ? "" : "?" + query);
        if (!target.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new ApiException(ApiError.badRequest(
                    "path: a space, a control or a non-ASCII character in it must be percent-encoded"));
        }
        refuseDotSegments(path.rest());
        return new RequestTarget(target);
    }

    private static void refuseDotSegments(String path) throws ApiException {
        for (String segment : PercentEncoding.decode(path).split("[/\\\\]", -1)) {
            String name = segment.replaceFirst(";.*", "");
            if (name.equals(".") || name.equals("..")) {
                throw new ApiException(ApiError.badRequest("path: it must not hold a . or .. segment"));
            }
        }
    }
}
