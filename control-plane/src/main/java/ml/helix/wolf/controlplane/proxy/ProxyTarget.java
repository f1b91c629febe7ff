package ml.helix.wolf.controlplane.proxy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Where a proxied request is to go: {@code /api/v1/wolf-instances/{id}/proxy/{path}}.
 *
 * @param runnerId decoded
 * @param requestTarget path and query for Wolf, escapes kept as they came
 */
record ProxyTarget(String runnerId, String requestTarget) {
    static final String PREFIX = "/api/v1/wolf-instances/";
    private static final String PROXY = "/proxy";

    /**
     * Reads it from the raw path, so that an escaped slash stays part of its segment.
     *
     * @param raw the path, escapes and all
     * @param query likewise
     * @throws ApiException 404 where it is no such path; 400 where an escape is broken, a character needs one, or a
     *     segment is {@code .} or {@code ..}, escaped or not
     */
    static ProxyTarget of(String raw, @Nullable String query) throws ApiException {
        int end = raw.startsWith(PREFIX) ? raw.indexOf('/', PREFIX.length()) : -1;
        if (end <= PREFIX.length()
                || !(raw.startsWith(PROXY + "/", end) || raw.substring(end).equals(PROXY))) {
            throw new ApiException(
                    ApiError.notFound("no such path; a request to a Wolf goes to " + PREFIX + "{id}/proxy/{path}"));
        }
        String path = raw.substring(end + PROXY.length());
        String target = (path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
        if (!target.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new ApiException(ApiError.badRequest(
                    "path: a space, a control or a non-ASCII character in it must be" + " percent-encoded"));
        }
        refuseDotSegments(path);
        return new ProxyTarget(decoded(raw.substring(PREFIX.length(), end)), target);
    }

    private static void refuseDotSegments(String path) throws ApiException {
        for (String segment : decoded(path).split("[/\\\\]", -1)) {
            String name = segment.replaceFirst(";.*", "");
            if (name.equals(".") || name.equals("..")) {
                throw new ApiException(ApiError.badRequest("path: it must not hold a . or .. segment"));
            }
        }
    }

    private static String decoded(String raw) throws ApiException {
        byte[] source = raw.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(source.length);
        for (int i = 0; i < source.length; i++) {
            if (source[i] != '%') {
                bytes.put(source[i]);
                continue;
            }
            int high = i + 2 < source.length ? Character.digit(source[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(source[i + 2], 16);
            if (low < 0) {
                throw new ApiException(ApiError.badRequest("path: a % in it must begin an escape such as %2F"));
            }
            bytes.put((byte) (high * 16 + low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new ApiException(ApiError.badRequest("path: its escapes must be UTF-8"));
        }
    }
}
