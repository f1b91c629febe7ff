package ml.helix.wolf.agent.control;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import ml.helix.wolf.revdial.FrameBudget;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.drafts.Draft;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.enums.Opcode;
import org.java_websocket.exceptions.IncompleteHandshakeException;
import org.java_websocket.exceptions.InvalidDataException;
import org.java_websocket.exceptions.InvalidHandshakeException;
import org.java_websocket.framing.CloseFrame;
import org.java_websocket.framing.Framedata;
import org.java_websocket.handshake.HandshakeBuilder;
import org.java_websocket.handshake.HandshakeImpl1Server;
import org.java_websocket.protocols.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * Java-WebSocket's RFC 6455 without four of its habits: it drops the status and the headers of a refused upgrade, it
 * collects a response head of any length, it collects all fragments of a message, and it accepts masked frames from a
 * server.
 */
final class StreamingDraft extends Draft_6455 {
    /** In bytes: no control line is nearly as long, and the heap holds it. */
    private static final int LONGEST_FRAME = 1024 * 1024;

    private static final int LONGEST_HEAD = 32 * 1024;

    private final FrameBudget budget;
    private final MaskCheck masks = new MaskCheck();
    private volatile @Nullable ResponseHead answer;

    /** Whether the current message's last fragment is still to come. Used by the reading thread only. */
    private boolean unfinished;

    /** @param budget of all frames that arrive */
    StreamingDraft(FrameBudget budget) {
        super(List.of(), List.of(new Protocol("")), LONGEST_FRAME);
        this.budget = budget;
    }

    /** The server's answer to the upgrade request, once it has come. */
    Optional<ResponseHead> answer() {
        return Optional.ofNullable(answer);
    }

    @Override
    public List<Framedata> translateFrame(ByteBuffer buffer) throws InvalidDataException {
        masks.check(buffer.duplicate());
        return super.translateFrame(buffer);
    }

    /**
     * Hands on each fragment when it arrives: control lines don't depend on message boundaries.
     *
     * @throws InvalidDataException makes the library close the connection with the exception's code
     */
    @Override
    public void processFrame(WebSocketImpl engine, Framedata frame) throws InvalidDataException {
        if (!budget.takeControlFrame(frame.getPayloadData().remaining())) {
            throw new InvalidDataException(CloseFrame.POLICY_VALIDATION, FrameBudget.EXCEEDED);
        }
        switch (frame.getOpcode()) {
            case CONTINUOUS, TEXT, BINARY -> {
                if (unfinished != (frame.getOpcode() == Opcode.CONTINUOUS)) {
                    throw new InvalidDataException(CloseFrame.PROTOCOL_ERROR, "a fragment out of order");
                }
                unfinished = !frame.isFin();
                engine.getWebSocketListener().onWebsocketMessage(engine, frame.getPayloadData());
            }
            case PING, PONG, CLOSING -> super.processFrame(engine, frame);
        }
    }

    /** The library would work on a copy, whose {@link #answer} nobody could read. */
    @Override
    public Draft copyInstance() {
        return this;
    }

    @Override
    public HandshakeBuilder translateHandshake(ByteBuffer buffer) throws InvalidHandshakeException {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        var in = new ByteArrayInputStream(bytes);
        ResponseHead head;
        try {
            head = ResponseHead.read(new BufferedSource(in::read, 1));
        } catch (EOFException e) {
            if (bytes.length >= LONGEST_HEAD) {
                throw new InvalidHandshakeException("the answer's head is too long");
            }
            throw new IncompleteHandshakeException(buffer.capacity() + 1024);
        } catch (IOException e) {
            throw new InvalidHandshakeException(e.getMessage());
        }
        buffer.position(buffer.limit() - in.available());
        answer = head;
        if (head.status() != 101) {
            throw new InvalidHandshakeException("refused");
        }
        var handshake = new HandshakeImpl1Server();
        handshake.setHttpStatus((short) head.status());
        head.headers().forEach(handshake::put);
        return handshake;
    }
}
