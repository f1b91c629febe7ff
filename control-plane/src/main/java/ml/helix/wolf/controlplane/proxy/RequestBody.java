package ml.helix.wolf.controlplane.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.controlplane.dialing.ReadAhead;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * The body of a caller's request, with a known length: Wolf accepts no chunked ones. For one reading thread.
 *
 * @param length in bytes; empty if the request has no body and needs no Content-Length
 * @param content ends after {@code length} bytes; reading fails if the caller goes away before
 * @param release gives back the memory of a buffered body; idempotent
 */
record RequestBody(Optional<Long> length, InputStream content, Runnable release) implements AutoCloseable {
    /** The longest chunked body, in bytes: it is held in memory until it is complete. */
    static final int MAX_CHUNKED = 8 * 1024 * 1024;

    private static final Set<String> METHODS_WITHOUT_BODY =
            Set.of("GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT");
    private static final Runnable NOTHING = () -> {};

    /**
     * Finds the length in the request's head. A chunked body is read to its end.
     *
     * @param body the request's bytes
     * @param memory for a chunked body
     * @throws ApiException 413 if a chunked body is longer than {@link #MAX_CHUNKED}, 503 if there is no memory left for it
     * @throws IOException if the caller goes away during a chunked body
     */
    static RequestBody of(Request request, InputStream body, BodyMemory memory) throws ApiException, IOException {
        if (request.getLength() >= 0) {
            return new RequestBody(Optional.of(request.getLength()), body, NOTHING);
        }
        if (request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)) {
            BufferedBody whole = buffer(body, memory);
            return new RequestBody(Optional.of((long) whole.length()), whole, whole::close);
        }
        boolean none = METHODS_WITHOUT_BODY.contains(request.getMethod());
        return new RequestBody(none ? Optional.empty() : Optional.of(0L), InputStream.nullInputStream(), NOTHING);
    }

    private static BufferedBody buffer(InputStream in, BodyMemory memory) throws ApiException, IOException {
        try {
            return BufferedBody.of(in, MAX_CHUNKED, memory);
        } catch (BufferedBody.TooLongException e) {
            throw new ApiException(new ApiError(
                    HttpStatus.PAYLOAD_TOO_LARGE_413,
                    "PayloadTooLarge",
                    "a chunked body may have " + MAX_CHUNKED + " bytes; send a longer one with its Content-Length"));
        } catch (BodyMemory.ExhaustedException e) {
            throw new ApiException(
                    new ApiError(
                            HttpStatus.SERVICE_UNAVAILABLE_503,
                            "TooManyUploads",
                            "other chunked bodies fill the memory for them; try again, or send the body with its Content-Length"));
        }
    }

    /** Whether the request's head says that a body follows. */
    static boolean follows(Request request) {
        return request.getLength() > 0 || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
    }

    /** The request's bytes, read when they are asked for. */
    static InputStream direct(Request request) {
        return Content.Source.asInputStream(request);
    }

    /**
     * The request's bytes. The first of them are read at once, before anyone asks for them.
     *
     * @param watch starts if the body ends in the meantime, and learns if it breaks off
     */
    static InputStream readAhead(Request request, CallerWatch watch) {
        ReadAhead ahead = ReadAhead.start(direct(request)::read, failure -> {
            if (failure == null) {
                watch.start();
            } else {
                watch.departed(failure);
            }
        });
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                return length == 0 ? 0 : ahead.read(buffer, offset, length);
            }
        };
    }

    @Override
    public void close() {
        release.run();
    }

    boolean isEmpty() {
        return length.orElse(0L) == 0;
    }
}
