package ml.helix.wolf.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MaskingTest {
    private final Random random = new Random(1);

    @Test
    void masksEveryLengthAsTheRfcDoesByteByByte() {
        for (int length = 0; length < 70; length++) {
            byte[] source = new byte[length + 3];
            random.nextBytes(source);
            byte[] target = new byte[length + 9];
            int key = random.nextInt();

            Masking.copy(source, 3, target, 5, length, key);

            for (int i = 0; i < length; i++) {
                byte mask = (byte) (key >> 8 * (i % 4));
                assertThat(target[5 + i]).isEqualTo((byte) (source[3 + i] ^ mask));
            }
        }
    }

    @Test
    void aBufferIsMaskedInPlacePieceByPiece() {
        for (ByteBuffer buffer : List.of(ByteBuffer.allocate(80), ByteBuffer.allocateDirect(80))) {
            int key = random.nextInt();
            int from = 5;
            int rotated = key;
            for (int length : new int[] {1, 2, 3, 16, 31}) {
                Masking.apply(buffer.slice(from, length), rotated);
                rotated = Masking.after(length, rotated);
                from += length;
            }

            for (int i = 0; i < 80; i++) {
                byte expected = i < 5 || i >= from ? 0 : (byte) (key >> 8 * ((i - 5) % 4));
                assertThat(buffer.get(i)).isEqualTo(expected);
            }
        }
    }

    @Test
    void touchesNothingAroundTheTarget() {
        byte[] target = new byte[32];

        Masking.copy(new byte[13], 0, target, 8, 13, -1);

        assertThat(Arrays.copyOf(target, 8)).containsOnly(0);
        assertThat(Arrays.copyOfRange(target, 21, 32)).containsOnly(0);
    }
}
