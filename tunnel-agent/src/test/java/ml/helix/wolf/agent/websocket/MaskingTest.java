package ml.helix.wolf.agent.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
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
    void touchesNothingAroundTheTarget() {
        byte[] target = new byte[32];

        Masking.copy(new byte[13], 0, target, 8, 13, -1);

        assertThat(Arrays.copyOf(target, 8)).containsOnly(0);
        assertThat(Arrays.copyOfRange(target, 21, 32)).containsOnly(0);
    }
}
