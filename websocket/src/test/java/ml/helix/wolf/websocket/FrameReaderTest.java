package ml.helix.wolf.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static ml.helix.wolf.websocket.Frames.frames;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameReaderTest {
    private static final int BUDGET = 1000;

    private final List<String> pings = new ArrayList<>();
    private int left = BUDGET;

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
        for (int i = 0; i <= BUDGET; i++) {
            sent.frame(first, ascii(""));
        }

        assertThatThrownBy(() -> all(reader(sent))).isInstanceOf(FloodException.class);
    }

    @Test
    void smallDataFramesAreNeverAFlood() throws IOException {
        var sent = frames();
        for (int i = 0; i < 3 * BUDGET; i++) {
            sent.binary(new byte[1]);
        }

        assertThat(all(reader(sent))).hasSize(3 * BUDGET);
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

        byte[] read = all(reader(dripping, false));

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
        return reader(new ByteArrayInputStream(sent.bytes()), false);
    }

    private FrameReader reader(InputStream in, boolean masked) {
        return new FrameReader(Channels.newChannel(in)::read, masked, this::ping, pong -> {}, () -> left-- > 0, null);
    }

    @Test
    void aClientsFramesAreUnmaskedHoweverTheyAreRead() throws IOException {
        byte[] payload = new byte[300_001];
        new Random(3).nextBytes(payload);
        var sent = new ByteArrayOutputStream();
        FrameWriter client = FrameWriter.masked(parts -> sent.write(parts[0].array(), 0, parts[0].limit()));
        client.binary(payload, 0, 77);
        client.ping(ascii("masked too"));
        client.binary(payload, 77, payload.length - 77);
        client.close(4000, "why");

        FrameReader copying = reader(new ByteArrayInputStream(sent.toByteArray()), true);
        assertThat(all(copying)).isEqualTo(payload);
        FrameReader inPlace = reader(new ByteArrayInputStream(sent.toByteArray()), true);
        var read = new ByteArrayOutputStream();
        for (ByteBuffer piece = inPlace.next(); piece != null; piece = inPlace.next()) {
            byte[] bytes = new byte[piece.remaining()];
            piece.get(bytes);
            read.writeBytes(bytes);
        }
        assertThat(read.toByteArray()).isEqualTo(payload);
        assertThat(pings).containsExactly("masked too", "masked too");
        assertThat(copying.closeCode()).isEqualTo(4000);
        assertThat(inPlace.endedByCloseFrame()).isTrue();
    }

    @Test
    void aClientsFrameWithoutAMaskIsAProtocolError() {
        FrameReader reader =
                reader(new ByteArrayInputStream(frames().binary(ascii("bare")).bytes()), true);

        assertThatThrownBy(() -> all(reader)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void aTextMessageMayPauseTheReading() throws IOException {
        List<String> texts = new ArrayList<>();
        var in = new ByteArrayInputStream(frames().binary(ascii("one"))
                .frame(0x81, ascii("begin"))
                .binary(ascii("two"))
                .frame(0x81, ascii("end"))
                .binary(ascii("three"))
                .bytes());
        var reader = new FrameReader(Channels.newChannel(in)::read, false, this::ping, pong -> {}, () -> true, text -> {
            texts.add(text);
            return text.equals("end");
        });

        assertThat(text(reader)).isEqualTo("onetwo");
        assertThat(reader.isPaused()).isTrue();
        reader.resume();
        assertThat(text(reader)).isEqualTo("three");
        assertThat(reader.isPaused()).isFalse();
        assertThat(texts).containsExactly("begin", "end");
    }

    @Test
    void aReadThatFailsWithinAHeadLosesNothing() throws IOException {
        byte[] bytes = frames().binary(new byte[300])
                .frame(0x89, ascii("p"))
                .binary(ascii("end"))
                .bytes();
        var in = new ByteArrayInputStream(bytes);
        var failNext = new AtomicBoolean();
        var reader = new FrameReader(
                target -> {
                    if (failNext.getAndSet(!failNext.get())) {
                        throw new IOException("cancelled");
                    }
                    int next = in.read();
                    if (next >= 0) {
                        target.put((byte) next);
                    }
                    return next < 0 ? -1 : 1;
                },
                false,
                this::ping,
                pong -> {},
                () -> true,
                null);
        var read = new ByteArrayOutputStream();
        byte[] target = new byte[10];
        int count = 0;
        while (count >= 0) {
            try {
                count = reader.read(target, 0, 10);
                read.write(target, 0, Math.max(count, 0));
            } catch (IOException e) {
                assertThat(e).hasMessage("cancelled");
            }
        }

        assertThat(read.toByteArray()).hasSize(303).endsWith(ascii("end"));
        assertThat(pings).containsExactly("p");
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
