package ml.helix.wolf.controlplane.proxy;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.ByteStream;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * Reads the one response on a stream, of HTTP/1.0 or 1.1: its body has a Content-Length, is chunked, or ends with the
 * stream. It has one buffer and reads more only when asked to. For one thread.
 */
final class ResponseReader {
    private static final int BUFFER = 16 * 1024;
    private static final int MAX_HEAD = 64 * 1024;

    private final ByteStream wolf;
    private final byte[] bytes = new byte[BUFFER];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).flip();
    private final Events events = new Events();
    private final HttpParser parser = new HttpParser(events, MAX_HEAD);
    private final boolean toHead;
    private boolean atEnd;
    private long received;

    /** @param toHead whether it responds to a HEAD request, and so has no body, whatever its fields say */
    ResponseReader(ByteStream wolf, boolean toHead) {
        this.wolf = wolf;
        this.toHead = toHead;
    }

    /** Status and fields of a final response or of a 101. */
    record Head(int status, HttpFields fields) {}

    /**
     * Waits for the head; skips other interim responses than a 101.
     *
     * @throws EOFException if the stream ended before
     * @throws ProtocolException if the bytes are no HTTP response
     * @throws IOException if the stream broke
     */
    Head awaitHead() throws IOException {
        while (true) {
            events.reset();
            parser.reset();
            parser.setHeadResponse(toHead);
            advance();
            if (events.status == HttpStatus.SWITCHING_PROTOCOLS_101 || events.status >= HttpStatus.OK_200) {
                return new Head(events.status, events.fields.asImmutable());
            }
            while (!events.complete) {
                advance();
            }
            if (received - buffer.remaining() > MAX_HEAD) {
                throw new ProtocolException("not an HTTP response: its interim responses have more than 64 KiB");
            }
        }
    }

    /**
     * Waits for more of the body.
     *
     * @return bytes that are valid until the next call; null at the end of the body
     * @throws EOFException if the stream ended before the body
     * @throws ProtocolException if a chunk is malformed
     * @throws IOException if the stream broke
     */
    @Nullable
    ByteBuffer nextContent() throws IOException {
        while (!events.complete) {
            events.content = null;
            advance();
            ByteBuffer content = events.content;
            if (content != null) {
                return content;
            }
        }
        return null;
    }

    /** The fields after the last chunk that may be passed on; complete when {@link #nextContent} has returned null. */
    HttpFields trailers() {
        return events.trailers;
    }

    /** Whether {@link #nextContent} has bytes to parse before it has to read the stream. */
    boolean hasBufferedBytes() {
        return buffer.hasRemaining();
    }

    /** The bytes that came after the head of a 101. */
    ByteBuffer afterHead() {
        return buffer.slice();
    }

    /** Runs the parser up to its next event. */
    private void advance() throws IOException {
        while (true) {
            boolean event = parser.parseNext(buffer);
            IOException failure = events.failure;
            if (failure != null) {
                // The parser reports a malformed chunk as an early end, too.
                throw failure instanceof EOFException && !atEnd
                        ? new ProtocolException("not an HTTP response: a chunk of its body is malformed")
                        : failure;
            }
            if (event) {
                return;
            }
            if (!buffer.hasRemaining()) {
                int read = wolf.read(bytes, 0, bytes.length);
                if (read < 0) {
                    atEnd = true;
                    parser.atEOF();
                } else {
                    buffer.clear().limit(read);
                    received += read;
                }
            }
        }
    }

    private static final class Events implements HttpParser.ResponseHandler {
        private int status;
        private HttpFields.Mutable fields = HttpFields.build();
        private final HttpFields.Mutable trailers = HttpFields.build();
        private @Nullable ByteBuffer content;
        private boolean complete;
        private @Nullable IOException failure;

        void reset() {
            status = 0;
            fields = HttpFields.build();
            complete = false;
        }

        @Override
        public void startResponse(HttpVersion version, int code, String reason) {
            status = code;
        }

        @Override
        public void parsedHeader(HttpField field) {
            fields.add(field);
        }

        @Override
        public void parsedTrailer(HttpField field) {
            if (!HopByHop.of(fields).contains(field) && !field.is(HttpHeader.CONTENT_LENGTH.asString())) {
                trailers.add(field);
            }
        }

        @Override
        public boolean headerComplete() {
            return true;
        }

        @Override
        public boolean content(ByteBuffer item) {
            content = item;
            return true;
        }

        @Override
        public boolean contentComplete() {
            return false;
        }

        @Override
        public boolean messageComplete() {
            complete = true;
            return true;
        }

        @Override
        public void earlyEOF() {
            failure = new EOFException("the stream ended before the response was complete");
        }

        @Override
        public void badMessage(HttpException cause) {
            failure = new ProtocolException("not an HTTP response: " + cause.getReason());
        }
    }
}
