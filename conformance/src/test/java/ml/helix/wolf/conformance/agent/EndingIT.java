package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedWolf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * docs/protocol.md, "Ending a socket": every byte before the first end is delivered, also if the other side sends without
 * pause and reads slowly.
 */
class EndingIT extends AgentSpec {
    private static final byte[] SENT = noise(4 << 20);
    private static final int PIECE = 64 * 1024;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWolfThatSendsWithoutPauseAndReadsSlowlyGetsEveryByte(boolean unix, @TempDir Path folder) throws Exception {
        if (unix) {
            wolf.close();
            wolf = ScriptedWolf.at(folder.resolve("wolf.sock"));
        }
        StreamEnds stream = openStream(connected());
        start(() -> floodWolfsWay(stream.atWolf()));
        start(() -> drop(stream.atServer()));

        send(stream.atServer(), Arrays.copyOf(SENT, PIECE));
        assertThat(stream.atWolf().read(1)).isEqualTo(new byte[] {SENT[0]});
        // While this thread sends: the sockets' buffers need not hold everything that was sent.
        var received = CompletableFuture.supplyAsync(() -> readSlowly(stream.atWolf(), SENT.length - 1));
        for (int at = PIECE; at < SENT.length; at += PIECE) {
            send(stream.atServer(), Arrays.copyOfRange(SENT, at, at + PIECE));
        }
        stream.atServer().send(Frame.close(1000, ""));

        assertThat(received.get()).isEqualTo(Arrays.copyOfRange(SENT, 1, SENT.length));
    }

    @Test
    void aServerThatSendsWithoutPauseAndReadsSlowlyGetsEveryByte() throws Exception {
        StreamEnds stream = openStream(connected());
        start(() -> drop(stream.atWolf()));
        start(() -> floodTheServersWay(stream.atServer()));
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> sendAndEnd(stream.atWolf()));

        var received = new ByteArrayOutputStream();
        Frame frame;
        while ((frame = stream.atServer().frame()).opcode() != Frame.CLOSE) {
            if (frame.opcode() == Frame.BINARY) {
                received.writeBytes(frame.payload());
                LockSupport.parkNanos(1_000_000);
            }
        }

        assertThat(received.toByteArray()).isEqualTo(SENT);
        sent.get();
    }

    /** A platform thread: a virtual one that never waits would keep a processor from the agent's threads in this JVM. */
    private static void start(Runnable endless) {
        Thread.ofPlatform().daemon().start(endless);
    }

    private static byte[] readSlowly(ScriptedWolf.Stream from, int length) {
        var received = new ByteArrayOutputStream();
        try {
            while (received.size() < length) {
                byte[] piece = from.read(Math.min(PIECE, length - received.size()));
                if (piece.length == 0) {
                    break;
                }
                received.writeBytes(piece);
                LockSupport.parkNanos(5_000_000);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return received.toByteArray();
    }

    private static void send(Connection connection, byte[] piece) {
        try {
            connection.binary(piece);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void sendAndEnd(ScriptedWolf.Stream wolf) {
        try {
            wolf.write(SENT).fin();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void floodWolfsWay(ScriptedWolf.Stream wolf) {
        try {
            while (true) {
                wolf.write(new byte[PIECE]);
            }
        } catch (IOException e) {
            // the agent has closed it
        }
    }

    private static void floodTheServersWay(Connection connection) {
        try {
            while (true) {
                connection.binary(new byte[PIECE]);
            }
        } catch (IOException e) {
            // the agent has closed it
        }
    }

    private static void drop(Connection connection) {
        try {
            while (true) {
                connection.frame();
            }
        } catch (IOException e) {
            // the other end has closed it
        }
    }

    private static void drop(ScriptedWolf.Stream wolf) {
        try {
            wolf.in().skipNBytes(Long.MAX_VALUE);
        } catch (IOException e) {
            // the other end has closed it
        }
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(length).nextBytes(noise);
        return noise;
    }
}
