package ml.helix.wolf.agent.websocket;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.function.Consumer;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.revdial.FrameBudget;

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

    private final BufferedSource source;
    private final Consumer<byte[]> pings;
    private final Consumer<byte[]> pongs;
    private final FrameBudget budget;

    /** How many bytes of the current data frame are still to come. */
    private long left;

    /** Whether the current message's last fragment is still to come. */
    private boolean unfinished;

    private boolean ended;
    private boolean closeFrame;

    /**
     * @param pings takes each ping's payload; must not block
     * @param pongs takes each pong's payload; must not block
     * @param budget of control frames and empty frames
     */
    FrameReader(BufferedSource source, Consumer<byte[]> pings, Consumer<byte[]> pongs, FrameBudget budget) {
        this.source = source;
        this.pings = pings;
        this.pongs = pongs;
        this.budget = budget;
    }

    /**
     * The next bytes of data.
     *
     * @return how many, at least 1; -1 when the peer has sent a close frame, or a FIN between two frames
     * @throws EOFException if the stream ends inside a frame
     * @throws FloodException if the peer sends more than its budget
     * @throws ProtocolException if the peer breaks the RFC
     */
    int read(byte[] target, int offset, int length) throws IOException {
        while (left == 0 && !ended) {
            readHead();
        }
        if (ended) {
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
        unfinished = !last;
        left = length(second);
        if (left == 0) {
            takeBudget();
        }
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
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) source.require();
        }
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
