package ml.helix.wolf.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ProtocolException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** For any bytes from a server or a client, the reader returns what a simple decoder does, however the bytes are cut, and allocates little. */
class FrameReaderFuzzTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Much less than a frame's length may be. Classes that are loaded and instrumented meanwhile count too. */
    private static final long ROOM = 16 * 1024 * 1024;

    /** How a stream of frames ends. */
    private enum End {
        CLOSE_FRAME,
        FIN,
        CUT,
        BROKEN
    }

    private record Reading(String data, List<String> pings, End end) {}

    @FuzzTest
    void anyBytesAreTheSameDataHoweverTheyAreCut(byte[] bytes) throws IOException {
        for (boolean masked : new boolean[] {false, true}) {
            Reading expected = new Simple(bytes, masked).reading();
            for (int piece : new int[] {1, 3, 8 * 1024}) {
                assertThat(read(bytes, masked, piece, 8 * 1024)).isEqualTo(expected);
            }
            assertThat(read(bytes, masked, 16, 5)).isEqualTo(expected);
        }
    }

    /**
     * @param piece how much the socket returns at a time
     * @param room how much the caller reads at a time
     */
    private static Reading read(byte[] bytes, boolean masked, int piece, int room) throws IOException {
        var data = new ByteArrayOutputStream();
        List<String> pings = new ArrayList<>();
        var reader = new FrameReader(
                Channels.newChannel(new Pieces(bytes, piece))::read,
                masked,
                ping -> pings.add(HexFormat.of().formatHex(ping)),
                pong -> {},
                () -> true,
                null);
        byte[] target = new byte[room];
        long before = THREADS.getCurrentThreadAllocatedBytes();
        End end;
        try {
            for (int count = reader.read(target, 0, room); count >= 0; count = reader.read(target, 0, room)) {
                assertThat(count).isBetween(1, room);
                data.write(target, 0, count);
            }
            assertThat(reader.read(target, 0, room)).as("after the end").isEqualTo(-1);
            end = reader.endedByCloseFrame() ? End.CLOSE_FRAME : End.FIN;
        } catch (EOFException e) {
            end = End.CUT;
        } catch (ProtocolException e) {
            end = End.BROKEN;
        }
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated")
                .isLessThan(ROOM + 4096L * bytes.length);
        return new Reading(HexFormat.of().formatHex(data.toByteArray()), pings, end);
    }

    /** A socket that returns a few bytes at a time. */
    private static final class Pieces extends ByteArrayInputStream {
        private final int piece;

        Pieces(byte[] bytes, int piece) {
            super(bytes);
            this.piece = piece;
        }

        @Override
        public synchronized int read(byte[] target, int offset, int length) {
            return super.read(target, offset, Math.min(piece, length));
        }
    }

    /** RFC 6455, section 5.2, on a whole array. */
    private static final class Simple {
        private final byte[] bytes;
        private final boolean masked;
        private final ByteArrayOutputStream data = new ByteArrayOutputStream();
        private final List<String> pings = new ArrayList<>();
        private int at;
        private boolean within;

        Simple(byte[] bytes, boolean masked) {
            this.bytes = bytes;
            this.masked = masked;
        }

        Reading reading() {
            End end = null;
            while (end == null) {
                end = at == bytes.length ? End.FIN : frame();
            }
            return new Reading(HexFormat.of().formatHex(data.toByteArray()), pings, end);
        }

        /** Null if the stream goes on after it. */
        private End frame() {
            int first = bytes[at++] & 0xff;
            boolean fin = first >= 0x80;
            int opcode = first % 16;
            if (first / 16 % 8 != 0) {
                return End.BROKEN;
            }
            if (at == bytes.length) {
                return End.CUT;
            }
            int size = bytes[at++];
            if (size < 0 != masked) {
                return End.BROKEN;
            }
            size &= 0x7f;
            return opcode < 8 ? data(opcode, fin, size) : control(opcode, fin, size);
        }

        private End control(int opcode, boolean fin, int size) {
            if (!fin || size > 125) {
                return End.BROKEN;
            }
            byte[] key = key();
            if (key == null || bytes.length - at < size) {
                return End.CUT;
            }
            String payload = HexFormat.of().formatHex(unmasked(size, key));
            return switch (opcode) {
                case 8 -> End.CLOSE_FRAME;
                case 9 -> {
                    pings.add(payload);
                    yield null;
                }
                case 10 -> null;
                default -> End.BROKEN;
            };
        }

        private End data(int opcode, boolean fin, int size) {
            boolean inPlace = within ? opcode == 0 : opcode == 1 || opcode == 2;
            if (!inPlace) {
                return End.BROKEN;
            }
            within = !fin;
            long length = size;
            int more = size == 126 ? 2 : size == 127 ? 8 : 0;
            if (bytes.length - at < more) {
                return End.CUT;
            }
            if (more > 0) {
                length = Long.parseUnsignedLong(HexFormat.of().formatHex(bytes, at, at + more), 16);
                at += more;
            }
            if (length < 0) {
                return End.BROKEN;
            }
            byte[] key = key();
            if (key == null) {
                return End.CUT;
            }
            int there = (int) Math.min(length, bytes.length - at);
            data.writeBytes(unmasked(there, key));
            return there < length ? End.CUT : null;
        }

        /** Null if the bytes end before it does. */
        private byte[] key() {
            byte[] key = new byte[4];
            if (masked) {
                if (bytes.length - at < 4) {
                    return null;
                }
                System.arraycopy(bytes, at, key, 0, 4);
                at += 4;
            }
            return key;
        }

        private byte[] unmasked(int length, byte[] key) {
            byte[] plain = new byte[length];
            for (int i = 0; i < length; i++) {
                plain[i] = (byte) (bytes[at++] ^ key[i % 4]);
            }
            return plain;
        }
    }
}
