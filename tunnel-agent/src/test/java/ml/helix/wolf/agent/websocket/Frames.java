package ml.helix.wolf.agent.websocket;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Frames as a server writes them, byte by byte as RFC 6455 draws them. */
final class Frames {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static Frames frames() {
        return new Frames();
    }

    /** A whole message in one frame. */
    Frames binary(byte[] payload) {
        return frame(0x82, payload);
    }

    /** Any first byte; the shortest length form. */
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
