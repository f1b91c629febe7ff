package ml.helix.wolf.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameWriterTest {
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final FrameWriter writer = FrameWriter.masked(this::write, () -> 0x0d0c0b0a);
    private int writes;
    private int bufferLength;

    @Test
    void aFrameIsMaskedWithItsKeyOnTheWire() throws IOException {
        writer.binary(new byte[] {0, 0, 0, 0, 1}, 0, 5);

        assertThat(sent.toByteArray())
                .containsExactly(0x82, 0x85, 0x0a, 0x0b, 0x0c, 0x0d, 0x0a, 0x0b, 0x0c, 0x0d, 0x0a ^ 1);
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "125, 2", "126, 4", "65535, 4", "65536, 10"})
    void lengthsHaveTheShortestForm(int length, int header) throws IOException {
        byte[] payload = new byte[length];
        new Random(length).nextBytes(payload);

        writer.binary(payload, 0, length);

        assertThat(sent.size()).isEqualTo(header + 4 + length);
        assertThat(unmasked(0x82)).isEqualTo(payload);
    }

    @Test
    void longWritesBecomeSeveralMessages() throws IOException {
        byte[] payload = new byte[200_001];
        new Random(7).nextBytes(payload);

        writer.binary(payload, 0, payload.length);

        assertThat(unmasked(0x82)).isEqualTo(payload);
    }

    @Test
    void theBufferOfALongFrameIsNotKeptOnceTheStreamIsQuiet() throws IOException {
        writer.binary(new byte[64 * 1024], 0, 64 * 1024);
        writer.ping(new byte[] {1});
        assertThat(bufferLength).isLessThan(1024);

        writer.binary(new byte[16 * 1024], 0, 16 * 1024);
        writer.ping(new byte[] {1});
        assertThat(bufferLength).as("of a short one").isGreaterThan(16 * 1024);
    }

    @Test
    void noBytesAreNoFrame() throws IOException {
        writer.binary(new byte[0], 0, 0);

        assertThat(sent.size()).isZero();
    }

    @Test
    void pongsCarryThePayloadAndClosesTheCode() throws IOException {
        writer.pong(new byte[] {1, 2, 3});
        writer.close(1000, "");

        byte[] all = sent.toByteArray();
        sent.reset();
        sent.write(all, 0, 9);
        assertThat(unmasked(0x8a)).containsExactly(1, 2, 3);
        sent.reset();
        sent.write(all, 9, all.length - 9);
        assertThat(unmasked(0x88)).containsExactly(0x03, 0xe8);
    }

    @Test
    void aServersFrameIsNotMaskedAndIsOneWrite() throws IOException {
        FrameWriter server = FrameWriter.unmasked(this::write);

        server.binary(new byte[] {7, 8}, 0, 2);
        server.close(1008, "no");

        assertThat(sent.toByteArray()).containsExactly(0x82, 2, 7, 8, 0x88, 4, 0x03, 0xf0, 'n', 'o');
        assertThat(writes).isEqualTo(2);
    }

    @Test
    void aServersTextAndTheBytesAfterItAreOneWrite() throws IOException {
        FrameWriter server = FrameWriter.unmasked(this::write);

        server.textAndBinary("begin", new byte[] {0, 7, 8}, 1, 2);

        assertThat(sent.toByteArray()).containsExactly(0x81, 5, 'b', 'e', 'g', 'i', 'n', 0x82, 2, 7, 8);
        assertThat(writes).isEqualTo(1);
    }

    private void write(ByteBuffer... parts) {
        bufferLength = parts[0].array().length;
        writes++;
        for (ByteBuffer part : parts) {
            sent.write(part.array(), part.position(), part.remaining());
        }
    }

    /** Reads the frames back the slow way. */
    private byte[] unmasked(int first) throws IOException {
        var in = new DataInputStream(new java.io.ByteArrayInputStream(sent.toByteArray()));
        var payload = new ByteArrayOutputStream();
        while (in.available() > 0) {
            assertThat(in.readUnsignedByte()).isEqualTo(first);
            int second = in.readUnsignedByte();
            assertThat(second & 0x80).as("masked").isEqualTo(0x80);
            int seven = second & 0x7f;
            int length = seven == 127 ? (int) in.readLong() : seven == 126 ? in.readUnsignedShort() : seven;
            byte[] key = in.readNBytes(4);
            byte[] bytes = in.readNBytes(length);
            for (int i = 0; i < length; i++) {
                bytes[i] ^= key[i % 4];
            }
            payload.writeBytes(Arrays.copyOf(bytes, length));
        }
        return payload.toByteArray();
    }
}
