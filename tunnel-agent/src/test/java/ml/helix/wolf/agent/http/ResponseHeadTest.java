package ml.helix.wolf.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseHeadTest {
    @Test
    void readsStatusAndHeadersAndLeavesWhatFollows() throws IOException {
        BufferedSource source = source("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nX: 1\r\nx: 2\r\n\r\nbody");

        ResponseHead head = ResponseHead.read(source);

        assertThat(head.status()).isEqualTo(503);
        assertThat(head.header("retry-after")).contains("7");
        assertThat(head.header("x")).contains("1, 2");
        assertThat(source.read()).isEqualTo('b');
    }

    @Test
    void interimResponsesAreSkipped() throws IOException {
        BufferedSource source = source(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\nHTTP/1.1 101 x\r\n\r\nbody");

        ResponseHead head = ResponseHead.read(source);

        assertThat(head.status()).isEqualTo(101);
        assertThat(head.header("x")).isEmpty();
        assertThat(source.read()).isEqualTo('b');
    }

    @Test
    void endlessInterimResponsesAreRefused() {
        assertThatThrownBy(() -> ResponseHead.read(source("HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000))))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void bareLineFeedsAndAMissingPhraseAreFine() throws IOException {
        assertThat(ResponseHead.read(source("HTTP/1.0 101\nA:b\n\n")).header("a"))
                .contains("b");
    }

    @Test
    void findsAWordInACommaList() throws IOException {
        ResponseHead head = ResponseHead.read(source("HTTP/1.1 101 x\r\nConnection: keep-alive, Upgrade\r\n\r\n"));

        assertThat(head.lists("connection", "upgrade")).isTrue();
        assertThat(head.lists("connection", "grade")).isFalse();
        assertThat(head.lists("upgrade", "websocket")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n"})
    void otherProtocolsAreRefused(String text) {
        assertThatThrownBy(() -> ResponseHead.read(source(text))).isInstanceOf(ProtocolException.class);
    }

    @Test
    void untrustedTextIsCutAndMadePrintable() {
        String hostile = "\u001b[31m" + "x".repeat(500) + "\r\n\r\n";

        assertThatThrownBy(() -> ResponseHead.read(source(hostile))).hasMessageMatching("[\\x20-\\x7e]{1,80}");
    }

    @Test
    void anEndlessHeadIsRefusedBeforeItIsStored() {
        var endless = new java.io.InputStream() {
            @Override
            public int read() {
                return 'a';
            }
        };

        assertThatThrownBy(() -> ResponseHead.read(new BufferedSource(endless::read, 1024)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("longer");
    }

    @Test
    void anEarlyEndSaysWhetherAnyBytesCame() {
        assertThatThrownBy(() -> ResponseHead.read(source("")))
                .isInstanceOf(EOFException.class)
                .hasMessage("closed without an answer");
        assertThatThrownBy(() -> ResponseHead.read(source("HTTP/1.1 200 OK\r\n")))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("in the middle");
    }

    private static BufferedSource source(String text) {
        return new BufferedSource(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1))::read, 8);
    }
}
