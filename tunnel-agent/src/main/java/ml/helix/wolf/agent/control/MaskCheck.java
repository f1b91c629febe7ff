package ml.helix.wolf.agent.control;

import java.nio.ByteBuffer;
import org.java_websocket.exceptions.InvalidDataException;
import org.java_websocket.framing.CloseFrame;

/**
 * Refuses masked frames from a server (RFC 6455, section 5.1); Java-WebSocket would unmask them. Is given all bytes after
 * the handshake, in order, and keeps none. One thread at a time.
 */
final class MaskCheck {
    /** How many bytes of the current frame's head have arrived. */
    private int headBytes;

    private int lengthBytes;
    private long length;
    /** How many bytes of the current frame's payload are still to come. */
    private long left;

    /** @throws InvalidDataException closes the connection with 1002 */
    void check(ByteBuffer bytes) throws InvalidDataException {
        while (bytes.hasRemaining()) {
            if (left > 0) {
                int skipped = (int) Math.min(left, bytes.remaining());
                bytes.position(bytes.position() + skipped);
                left -= skipped;
            } else {
                head(bytes.get() & 0xff);
            }
        }
    }

    private void head(int next) throws InvalidDataException {
        headBytes++;
        if (headBytes == 2) {
            if ((next & 0x80) != 0) {
                throw new InvalidDataException(CloseFrame.PROTOCOL_ERROR, "a server's frame is masked");
            }
            lengthBytes = next == 127 ? 8 : next == 126 ? 2 : 0;
            length = lengthBytes == 0 ? next : 0;
        } else if (headBytes > 2) {
            length = length << 8 | next;
        }
        if (headBytes >= 2 && headBytes == 2 + lengthBytes) {
            headBytes = 0;
            left = length;
        }
    }
}
