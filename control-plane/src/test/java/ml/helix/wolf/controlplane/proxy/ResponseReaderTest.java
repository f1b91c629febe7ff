package ml.helix.wolf.controlplane.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import ml.helix.wolf.revdial.ByteStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseReaderTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100_000})
    void aBodyIsReadByItsContentLength(int piece) throws IOException {
        var response = response("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello and more", piece);

        var head = response.awaitHead();

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.fields().get("X-Y")).isEqualTo("z");
        assertThat(body(response)).isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100_000})
    void aBodyIsReadInChunks(int piece) throws IOException {
        var response = response(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\n",
                piece);

        assertThat(response.awaitHead().status()).isEqualTo(200);
        assertThat(body(response)).isEqualTo("hello world");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100_000})
    void aBodyWithoutLengthEndsWithTheStream(int piece) throws IOException {
        var response = response("HTTP/1.0 200 OK\r\n\r\nhello world", piece);

        assertThat(response.awaitHead().status()).isEqualTo(200);
        assertThat(body(response)).isEqualTo("hello world");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.0 204 No Content\r\n\r\n",
                "HTTP/1.0 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
                "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.0 404 \r\nContent-Length: 0\r\n\r\n",
            })
    void aResponseMayHaveNoBody(String text) throws IOException {
        var response = response(text, 100);

        assertThat(response.awaitHead().status()).isIn(204, 304, 404);
        assertThat(response.nextContent()).isNull();
        assertThat(response.nextContent()).isNull();
    }

    @Test
    void endlessInterimResponsesAreRefused() {
        var response = response("HTTP/1.1 102 Processing\r\n\r\n".repeat(4000), 100_000);

        assertThatThrownBy(response::awaitHead)
                .isInstanceOf(ProtocolException.class)
                .hasMessage("not an HTTP response: its interim responses have more than 64 KiB");
    }

    @Test
    void aResponseToHeadHasNoBodyWhateverItsFieldsSay() throws IOException {
        var response =
                new ResponseReader(stream("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 100), /* toHead= */ true);

        assertThat(response.awaitHead().fields().getLongField("Content-Length")).isEqualTo(5);
        assertThat(response.nextContent()).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100_000})
    void interimResponsesAreSkipped(int piece) throws IOException {
        var response = response(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
                piece);

        var head = response.awaitHead();

        assertThat(head.status()).isEqualTo(201);
        assertThat(head.fields().get("Link")).isNull();
        assertThat(body(response)).isEqualTo("ok");
    }

    @Test
    void bytesAfterA101AreKept() throws IOException {
        var response = response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\r\n\nfirst bytes", 100_000);

        assertThat(response.awaitHead().status()).isEqualTo(101);
        assertThat(text(response.afterHead())).isEqualTo("\r\n\nfirst bytes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/1.0 2",
                "HTTP/1.0 200 OK\r\nContent-Le",
            })
    void anEndWithinTheHeadIsAnError(String text) {
        assertThatThrownBy(() -> response(text, 100).awaitHead()).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            })
    void anEndWithinTheBodyIsAnError(String text) throws IOException {
        var response = response(text, 100);
        response.awaitHead();
        assertThatThrownBy(() -> body(response)).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.0 abc\r\n\r\n", "{\"success\":true}\r\n\r\n"})
    void otherBytesThanHttpAreRefused(String text) {
        assertThatThrownBy(() -> response(text, 100).awaitHead()).isInstanceOf(ProtocolException.class);
    }

    @Test
    void anEndlessHeadIsRefused() {
        String field = "X-Long: " + "y".repeat(1000) + "\r\n";
        assertThatThrownBy(() -> response("HTTP/1.0 200 OK\r\n" + field.repeat(100), 1000)
                        .awaitHead())
                .isInstanceOf(ProtocolException.class);
    }

    private static ResponseReader response(String text, int piece) {
        return new ResponseReader(stream(text, piece), /* toHead= */ false);
    }

    private static String body(ResponseReader response) throws IOException {
        var body = new StringBuilder();
        ByteBuffer content;
        while ((content = response.nextContent()) != null) {
            body.append(text(content));
        }
        return body.toString();
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes).toString();
    }

    /** A stream that gives at most {@code piece} bytes at a time. */
    private static ByteStream stream(String text, int piece) {
        InputStream in = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
        return new ByteStream() {
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                return in.read(buffer, offset, Math.min(piece, length));
            }

            @Override
            public void write(byte[] buffer, int offset, int length) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void close() {}
        };
    }
}
