package ml.helix.wolf.agent.websocket;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.revdial.FrameBudget;
import ml.helix.wolf.revdial.Reuse;
import org.jspecify.annotations.Nullable;

/**
 * Turns a server's frames (RFC 6455, section 5.2) into the bytes of its messages. Where a message or a fragment ends,
 * and whether it is text, means nothing to a stream. Holds no more than one control frame: no memory is allocated by a
 * data frame's length.
 *
 * <p>One thread at a time.
 */
final class FrameReader {
    private static final int FIN = 0x80;
    private static final int RESERVED = 0x70;
    private static final int LONGEST_CONTROL = 125;
    private static final int LONGEST_TEXT = 125;

    private final BufferedSource source;
    private final Consumer<byte[]> pings;
    private final Consumer<byte[]> pongs;
    private final FrameBudget budget;
    private final @Nullable Consumer<String> begins;

    /** How many bytes of the current data frame are still to come. */
    private long left;

    /** Whether the current message's last fragment is still to come. */
    private boolean unfinished;

    private boolean ended;
    private boolean closeFrame;
    private boolean streamEnded;

    /**
     * @param pings takes each ping's payload; must not block
     * @param pongs takes each pong's payload; must not block
     * @param budget of control frames and empty frames
     * @param begins takes the id of each stream of a {@linkplain Reuse reused} connection; null if the connection carries one
     *     stream, of which text messages are a part
     */
    FrameReader(
            BufferedSource source,
            Consumer<byte[]> pings,
            Consumer<byte[]> pongs,
            FrameBudget budget,
            @Nullable Consumer<String> begins) {
        this.source = source;
        this.pings = pings;
        this.pongs = pongs;
        this.budget = budget;
        this.begins = begins;
    }

    /**
     * The next bytes of data.
     *
     * @return how many, at least 1; -1 when the peer has sent a close frame, or a FIN between two frames, or when it has ended
     *     this stream
     * @throws EOFException if the stream ends inside a frame
     * @throws FloodException if the peer sends more than its budget
     * @throws ProtocolException if the peer breaks the RFC
     */
    int read(byte[] target, int offset, int length) throws IOException {
        while (left == 0 && !ended && !streamEnded) {
            readHead();
        }
        if (ended || streamEnded) {
            return -1;
        }
        int count = source.read(target, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the stream ended within a frame");
        }
        left -= count;
        return count;
    }

    /** Whether the end was a close frame, which must be answered. */
    boolean endedByCloseFrame() {
        return closeFrame;
    }

    /** Whether the peer has ended the stream, and not the connection. */
    boolean streamHasEnded() {
        return streamEnded;
    }

    /** What follows belongs to the next stream. */
    void nextStream() {
        streamEnded = false;
    }

    private void readHead() throws IOException {
        int first = source.read();
        if (first < 0) {
            ended = true;
            return;
        }
        if ((first & RESERVED) != 0) {
            throw new ProtocolException("a reserved bit is set, and no extension was agreed on");
        }
        boolean last = (first & FIN) != 0;
        int second = source.require();
        if ((second & 0x80) != 0) {
            throw new ProtocolException("a server's frame is masked");
        }
        int opcode = first & 0x0f;
        if (opcode >= Opcode.CLOSE) {
            takeBudget();
            readControlFrame(opcode, last, second);
            return;
        }
        if (opcode > Opcode.BINARY || (opcode == Opcode.CONTINUATION) != unfinished) {
            throw new ProtocolException("opcode " + opcode + " is out of place");
        }
        if (opcode == Opcode.TEXT && begins != null) {
            takeBudget();
            readText(last, second, begins);
            return;
        }
        unfinished = !last;
        left = length(second);
        if (left == 0) {
            takeBudget();
        }
    }

    /** Unknown messages are ignored. */
    private void readText(boolean last, int length, Consumer<String> began) throws IOException {
        if (!last || length > LONGEST_TEXT) {
            throw new ProtocolException("a text message is fragmented or longer than " + LONGEST_TEXT + " bytes");
        }
        String message = new String(payload(length), StandardCharsets.US_ASCII);
        if (message.equals(Reuse.END)) {
            streamEnded = true;
        } else if (message.startsWith(Reuse.BEGIN)) {
            began.accept(message.substring(Reuse.BEGIN.length()));
        }
    }

    private byte[] payload(int length) throws IOException {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) source.require();
        }
        return payload;
    }

    private void takeBudget() throws FloodException {
        if (!budget.takeFrame()) {
            throw new FloodException();
        }
    }

    private long length(int seven) throws IOException {
        int bytes = seven == 127 ? 8 : seven == 126 ? 2 : 0;
        long length = bytes == 0 ? seven : 0;
        for (int i = 0; i < bytes; i++) {
            length = length << 8 | source.require();
        }
        if (length < 0) {
            throw new ProtocolException("a frame's length is negative");
        }
        return length;
    }

    private void readControlFrame(int opcode, boolean last, int length) throws IOException {
        if (!last || length > LONGEST_CONTROL) {
            throw new ProtocolException("a control frame is fragmented or longer than " + LONGEST_CONTROL + " bytes");
        }
        byte[] payload = payload(length);
        switch (opcode) {
            case Opcode.CLOSE -> {
                ended = true;
                closeFrame = true;
            }
            case Opcode.PING -> pings.accept(payload);
            case Opcode.PONG -> pongs.accept(payload);
            default -> throw new ProtocolException("opcode " + opcode + " is unknown");
        }
    }
}
