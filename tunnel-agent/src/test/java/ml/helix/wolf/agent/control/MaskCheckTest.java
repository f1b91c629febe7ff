package ml.helix.wolf.agent.control;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.java_websocket.exceptions.InvalidDataException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskCheckTest {
    private static final String MASKED = "828100000000ff";
    private final MaskCheck check = new MaskCheck();

    /** Each payload looks like masked frames' heads. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 65_535, 65_536, 100_000})
    void onlyTheMaskedFrameIsRefusedHoweverTheBytesAreCut(int length) throws Exception {
        byte[] frame = frame(length);
        for (byte one : frame) {
            check.check(ByteBuffer.wrap(new byte[] {one}));
        }
        assertThatCode(() -> check.check(ByteBuffer.wrap(frame))).doesNotThrowAnyException();

        assertThatThrownBy(() -> check.check(ByteBuffer.wrap(HexFormat.of().parseHex(MASKED))))
                .isInstanceOf(InvalidDataException.class)
                .hasMessageContaining("masked");
    }

    private static byte[] frame(int length) {
        var frame = new ByteArrayOutputStream();
        frame.write(0x82);
        if (length <= 125) {
            frame.write(length);
        } else if (length <= 0xffff) {
            frame.writeBytes(new byte[] {126, (byte) (length >> 8), (byte) length});
        } else {
            frame.write(127);
            frame.writeBytes(ByteBuffer.allocate(8).putLong(length).array());
        }
        for (int i = 0; i < length; i++) {
            frame.write(0xff);
        }
        return frame.toByteArray();
    }
}
