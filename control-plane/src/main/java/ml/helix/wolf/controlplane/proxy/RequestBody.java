package ml.helix.wolf.controlplane.proxy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * The body of a caller's request, of a length that is known: Wolf takes no chunked ones. Read by one thread.
 *
 * @param length in bytes; nothing where the request has no body and needs to say nothing of it
 * @param content ends after {@code length} bytes; reading it fails where the caller goes away before
 */
record RequestBody(Optional<Long> length, InputStream content) {
    /** The longest body, in bytes, that may come without its length: it is held in memory until it is complete. */
    static final int MAX_CHUNKED = 8 * 1024 * 1024;

    /** How much more of a body that is too long is read, so that the caller gets to see the answer. */
    private static final int MAX_DISCARDED = 8 * MAX_CHUNKED;

    private static final Set<String> WITHOUT_BODY = Set.of("GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT");

    /**
     * Looks at the request's head; a chunked body is read to its end.
     *
     * @throws ApiException 413 where a chunked body is longer than {@link #MAX_CHUNKED}
     * @throws IOException where the caller goes away while it is read
     */
    static RequestBody of(Request request) throws ApiException, IOException {
        if (request.getLength() >= 0) {
            return new RequestBody(Optional.of(request.getLength()), Content.Source.asInputStream(request));
        }
        if (request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)) {
            byte[] whole = whole(Content.Source.asInputStream(request));
            return new RequestBody(Optional.of((long) whole.length), new ByteArrayInputStream(whole));
        }
        boolean none = WITHOUT_BODY.contains(request.getMethod());
        return new RequestBody(none ? Optional.empty() : Optional.of(0L), InputStream.nullInputStream());
    }

    private static byte[] whole(InputStream in) throws ApiException, IOException {
        byte[] bytes = in.readNBytes(MAX_CHUNKED);
        if (bytes.length == MAX_CHUNKED && in.read() >= 0) {
            byte[] discarded = new byte[16 * 1024];
            int read = 0;
            for (int total = 0; read >= 0 && total < MAX_DISCARDED; total += read) {
                read = in.read(discarded);
            }
            throw new ApiException(new ApiError(
                    HttpStatus.PAYLOAD_TOO_LARGE_413,
                    "PayloadTooLarge",
                    "a chunked body may have " + MAX_CHUNKED + " bytes; send a longer one with its Content-Length"));
        }
        return bytes;
    }

    boolean isEmpty() {
        return length.orElse(0L) == 0;
    }
}
