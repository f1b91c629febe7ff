package ml.helix.wolf.controlplane.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BufferedBodyTest {
    private static final int LIMIT = 4 * BodyMemory.BLOCK;

    private final BodyMemory memory = new BodyMemory(LIMIT + 2L * BodyMemory.BLOCK);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, BodyMemory.BLOCK - 1, BodyMemory.BLOCK, BodyMemory.BLOCK + 1, LIMIT})
    void aBodyIsReadUnchanged(int length) throws Exception {
        byte[] bytes = noise(length);

        try (var body = BufferedBody.of(new ByteArrayInputStream(bytes), LIMIT, memory)) {
            assertThat(body.length()).isEqualTo(length);
            assertThat(body.readAllBytes()).isEqualTo(bytes);
        }

        assertAllReleased();
    }

    @Test
    void aLongerBodyIsRefusedAndHoldsNoMemory() throws Exception {
        assertThatThrownBy(() -> BufferedBody.of(new ByteArrayInputStream(noise(LIMIT + 1)), LIMIT, memory))
                .isInstanceOf(BufferedBody.TooLongException.class);

        assertAllReleased();
    }

    @Test
    void aBodyThatGetsNoMemoryIsRefusedAndOthersStay() throws Exception {
        byte[] bytes = noise(LIMIT);
        var first = BufferedBody.of(new ByteArrayInputStream(bytes), LIMIT, memory);

        assertThatThrownBy(() -> BufferedBody.of(new ByteArrayInputStream(bytes), LIMIT, memory))
                .isInstanceOf(BodyMemory.ExhaustedException.class);

        assertThat(first.readAllBytes()).isEqualTo(bytes);
        first.close();
        assertAllReleased();
    }

    @Test
    void aBodyThatBreaksOffHoldsNoMemory() throws Exception {
        InputStream breaking = new InputStream() {
            private int unread = BodyMemory.BLOCK + 1;

            @Override
            public int read() throws IOException {
                if (unread == 0) {
                    throw new IOException("gone");
                }
                unread--;
                return 7;
            }
        };

        assertThatThrownBy(() -> BufferedBody.of(breaking, LIMIT, memory)).hasMessage("gone");

        assertAllReleased();
    }

    @Test
    void anUnreadBodyReleasesItsMemoryWhenItIsClosed() throws Exception {
        var body = BufferedBody.of(new ByteArrayInputStream(noise(LIMIT)), LIMIT, memory);
        assertThat(body.read()).isNotNegative();

        body.close();
        body.close();

        assertAllReleased();
    }

    private void assertAllReleased() throws IOException {
        for (int i = 0; i < 6; i++) {
            memory.acquire();
        }
        assertThatThrownBy(memory::acquire).isInstanceOf(BodyMemory.ExhaustedException.class);
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(length).nextBytes(noise);
        return noise;
    }
}
