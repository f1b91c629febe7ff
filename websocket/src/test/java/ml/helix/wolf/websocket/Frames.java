package ml.helix.wolf.websocket;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Writes a server's frames, byte by byte as in RFC 6455. */
final class Frames {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static Frames frames() {
        return new Frames();
    }

    /** A whole message in one frame. */
    Frames binary(byte[] payload) {
        return frame(0x82, payload);
    }

    /** A frame with any first byte and the shortest form of its length. */
    Frames frame(int first, byte[] payload) {
        bytes.write(first);
        if (payload.length < 126) {
            bytes.write(payload.length);
        } else if (payload.length < 65536) {
            bytes.write(126);
            bytes.write(payload.length >> 8);
            bytes.write(payload.length);
        } else {
            bytes.write(127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                bytes.write((int) ((long) payload.length >> shift));
            }
        }
        bytes.writeBytes(payload);
        return this;
    }

    Frames hex(String digits) {
        bytes.writeBytes(HexFormat.of().parseHex(digits.replace(" ", "")));
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
