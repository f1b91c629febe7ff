package ml.helix.wolf.controlplane.proxy;

import java.nio.charset.StandardCharsets;

/**
 * Chooses bytes of a response that can be sent to its caller early, one by one, to see whether the caller still takes them:
 * the start of the status line, or, in a chunked body, the end of the last chunk and leading zeros of the next chunk's size.
 * Sends nothing itself. For one thread at a time.
 */
final class ResponseProbe {
    /** What can be sent now. */
    sealed interface Step {
        /** The first byte of what the response writes next: the next write leaves it out. */
        record Ahead(byte next) implements Step {}

        /** A byte between two writes: the next write is complete. */
        record Between(byte extra) implements Step {}

        /** Nothing, until the response writes more. */
        record Nothing() implements Step {}

        /** Nothing, for the rest of the response: its body has a length or ends with the connection. */
        record Never() implements Step {}
    }

    private static final byte[] STATUS_LINE = "HTTP/1.1 ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNK_END = {'\r', '\n'};
    private static final int MAX_ZEROS = 8;

    private enum Part {
        STATUS_LINE,
        CHUNKS,
        OTHER_BODY
    }

    private Part part = Part.STATUS_LINE;
    private Part body = Part.OTHER_BODY;
    /** How many bytes of the status line or of the last chunk's end were sent, or are not to be sent. */
    private int sent;

    private int zeros;

    /** Call before the first write. */
    void startsResponse(boolean chunked) {
        body = chunked ? Part.CHUNKS : Part.OTHER_BODY;
    }

    /** @param content whether more than the head was written */
    void written(boolean content) {
        part = body;
        sent = content ? 0 : CHUNK_END.length;
    }

    Step next() {
        return switch (part) {
            case STATUS_LINE -> sent < STATUS_LINE.length ? new Step.Ahead(STATUS_LINE[sent]) : new Step.Nothing();
            case CHUNKS -> {
                if (sent < CHUNK_END.length) {
                    yield new Step.Ahead(CHUNK_END[sent]);
                }
                yield zeros < MAX_ZEROS ? new Step.Between((byte) '0') : new Step.Nothing();
            }
            case OTHER_BODY -> new Step.Never();
        };
    }

    /** The byte of this step was sent. */
    void sent(Step step) {
        switch (step) {
            case Step.Ahead ignored -> sent++;
            case Step.Between ignored -> zeros++;
            case Step.Nothing ignored -> {}
            case Step.Never ignored -> {}
        }
    }
}
