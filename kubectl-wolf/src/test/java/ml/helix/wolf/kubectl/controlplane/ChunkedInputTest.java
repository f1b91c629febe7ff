package ml.helix.wolf.kubectl.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ChunkedInputTest {
    private static String read(String text) throws IOException {
        try (var in = new ChunkedInput(new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void chunksAreJoined() throws Exception {
        assertThat(read("3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n")).isEqualTo("abc0123456789");
    }

    @Test
    void aBodyThatBrokeOffNeverLooksWhole() {
        assertThatThrownBy(() -> read("3\r\nabc\r\n")).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> read("5\r\nabc")).isInstanceOf(EOFException.class);
    }

    @Test
    void whatIsNotChunkedIsRefused() {
        assertThatThrownBy(() -> read("hello\r\n"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not chunked");
    }
}
