package ml.helix.wolf.agent.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static ml.helix.wolf.agent.websocket.Frames.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.revdial.FrameBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameReaderTest {
    private final List<String> pings = new ArrayList<>();
    private final LongSupplier clock = () -> 0;

    @Test
    void messagesOfEveryLengthFormBecomeOneStream() throws IOException {
        var expected = new ByteArrayOutputStream();
        var sent = frames();
        for (int length : new int[] {0, 1, 125, 126, 127, 65535, 65536, 200_000}) {
            byte[] payload = new byte[length];
            new Random(length).nextBytes(payload);
            expected.writeBytes(payload);
            sent.binary(payload);
        }

        assertThat(all(reader(sent))).isEqualTo(expected.toByteArray());
    }

    @Test
    void fragmentsEmptyFramesAndTextAreBytesLikeAnyOther() throws IOException {
        var sent = frames().frame(0x02, ascii("one "))
                .frame(0x00, ascii(""))
                .frame(0x00, ascii("two "))
                .frame(0x80, ascii("three "))
                .frame(0x82, ascii(""))
                .frame(0x81, ascii("text"));

        assertThat(text(reader(sent))).isEqualTo("one two three text");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x82, 0x89, 0x8a})
    void moreEmptyFramesThanTheBudgetAreAFlood(int first) {
        var sent = frames();
        for (int i = 0; i <= FrameBudget.BURST; i++) {
            sent.frame(first, ascii(""));
        }

        assertThatThrownBy(() -> all(reader(sent))).isInstanceOf(FloodException.class);
    }

    @Test
    void smallDataFramesAreNeverAFlood() throws IOException {
        var sent = frames();
        for (int i = 0; i < 3 * FrameBudget.BURST; i++) {
            sent.binary(new byte[1]);
        }

        assertThat(all(reader(sent))).hasSize(3 * FrameBudget.BURST);
    }

    @Test
    void pingsAndPongsMayComeInTheMiddleOfAMessage() throws IOException {
        var sent = frames().frame(0x02, ascii("be"))
                .frame(0x89, ascii("are you there"))
                .frame(0x8a, ascii("nobody asked"))
                .frame(0x80, ascii("fore"))
                .frame(0x89, ascii(""));

        assertThat(text(reader(sent))).isEqualTo("before");
        assertThat(pings).containsExactly("are you there", "");
    }

    @Test
    void framesMayArriveByteByByte() throws IOException {
        byte[] bytes = frames().binary(new byte[300])
                .frame(0x89, ascii("p"))
                .binary(ascii("end"))
                .bytes();
        var dripping = new InputStream() {
            private final InputStream in = new ByteArrayInputStream(bytes);

            @Override
            public int read() throws IOException {
                return in.read();
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return in.read(target, offset, Math.min(length, 1));
            }
        };

        byte[] read = all(new FrameReader(
                new BufferedSource(dripping::read, 16), this::ping, pong -> {}, new FrameBudget(clock), null));

        assertThat(read).hasSize(303).endsWith(ascii("end"));
    }

    @Test
    void aCloseFrameIsTheEndWhateverFollows() throws IOException {
        FrameReader reader = reader(frames().binary(ascii("last"))
                .frame(0x88, new byte[] {3, (byte) 0xe8})
                .binary(ascii("too late")));

        assertThat(text(reader)).isEqualTo("last");
        assertThat(reader.endedByCloseFrame()).isTrue();
    }

    @Test
    void aBareFinBetweenFramesIsAnEnd() throws IOException {
        FrameReader reader = reader(frames().binary(ascii("last")));

        assertThat(text(reader)).isEqualTo("last");
        assertThat(reader.endedByCloseFrame()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"82", "82 05 61", "82 7e 01", "82 7f 00 00 00 00", "89 02 61"})
    void aFinWithinAFrameIsAnError(String hex) {
        assertThatThrownBy(() -> all(reader(frames().hex(hex)))).isInstanceOf(EOFException.class);
    }

    @Test
    void bytesBeforeAnErrorAreDelivered() throws IOException {
        FrameReader reader = reader(frames().hex("82 05 61 62"));
        byte[] buffer = new byte[10];

        assertThat(reader.read(buffer, 0, 10)).isEqualTo(2);
        assertThatThrownBy(() -> reader.read(buffer, 0, 10)).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c2 00", // a reserved bit
                "83 00", // a reserved data opcode
                "8b 00", // a reserved control opcode
                "82 80 01 02 03 04", // masked by a server
                "09 00", // a fragmented ping
                "89 7e 00 80", // a long ping
                "80 00", // a continuation of nothing
                "02 01 61 82 00", // a new message within another
                "82 7f ff ff ff ff ff ff ff ff" // a negative length
            })
    void whatBreaksTheRfcIsAProtocolError(String hex) {
        assertThatThrownBy(() -> all(reader(frames().hex(hex).frame(0x89, new byte[125]))))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void aFramesLengthAllocatesNoMemory() throws IOException {
        FrameReader reader = reader(frames().hex("82 7f 7f ff ff ff ff ff ff ff 61"));

        assertThat(reader.read(new byte[8], 0, 8)).isEqualTo(1);
    }

    private FrameReader reader(Frames sent) {
        return new FrameReader(
                new BufferedSource(new ByteArrayInputStream(sent.bytes())::read, 64),
                this::ping,
                pong -> {},
                new FrameBudget(clock),
                null);
    }

    private void ping(byte[] payload) {
        pings.add(new String(payload, US_ASCII));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    private static String text(FrameReader reader) throws IOException {
        return new String(all(reader), US_ASCII);
    }

    private static byte[] all(FrameReader reader) throws IOException {
        var read = new ByteArrayOutputStream();
        byte[] buffer = new byte[1000];
        int count;
        while ((count = reader.read(buffer, 7, buffer.length - 7)) > 0) {
            read.write(buffer, 7, count);
        }
        return read.toByteArray();
    }
}
