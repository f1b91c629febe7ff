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
import ml.helix.wolf.conformance.peer.ScriptedLocal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract, section 1, data connections: every byte before the first end is delivered, also where the other side sends
 * without pause and reads slowly.
 */
class EndingIT extends AgentSpec {
    private static final byte[] SENT = noise(4 << 20);
    private static final int PIECE = 64 * 1024;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWolfThatSendsWithoutPauseAndReadsSlowlyGetsEveryByte(boolean unix, @TempDir Path folder) throws Exception {
        if (unix) {
            local.close();
            local = ScriptedLocal.at(folder.resolve("wolf.sock"));
        }
        Tunnel tunnel = open(connected());
        Thread.ofVirtual().start(() -> floodWolfsWay(tunnel.local()));
        Thread.ofVirtual().start(() -> drop(tunnel.remote()));

        for (int at = 0; at < SENT.length; at += PIECE) {
            byte[] piece = Arrays.copyOfRange(SENT, at, at + PIECE);
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> send(tunnel.remote(), piece));
            if (at == 0) {
                assertThat(tunnel.local().read(1)).isEqualTo(new byte[] {SENT[0]});
            }
            sent.join();
        }
        tunnel.remote().send(Frame.close(1000, ""));

        assertThat(readSlowly(tunnel.local(), SENT.length - 1)).isEqualTo(Arrays.copyOfRange(SENT, 1, SENT.length));
    }

    @Test
    void aServerThatSendsWithoutPauseAndReadsSlowlyGetsEveryByte() throws Exception {
        Tunnel tunnel = open(connected());
        Thread.ofVirtual().start(() -> drop(tunnel.local()));
        Thread.ofVirtual().start(() -> floodTheServersWay(tunnel.remote()));
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> sendAndEnd(tunnel.local()));

        var received = new ByteArrayOutputStream();
        Frame frame;
        while ((frame = tunnel.remote().frame()).opcode() != Frame.CLOSE) {
            if (frame.opcode() == Frame.BINARY) {
                received.writeBytes(frame.payload());
                LockSupport.parkNanos(1_000_000);
            }
        }

        assertThat(received.toByteArray()).isEqualTo(SENT);
        sent.join();
    }

    private static byte[] readSlowly(ScriptedLocal.Stream from, int length) throws IOException {
        var received = new ByteArrayOutputStream();
        while (received.size() < length) {
            byte[] piece = from.read(Math.min(PIECE, length - received.size()));
            if (piece.length == 0) {
                break;
            }
            received.writeBytes(piece);
            LockSupport.parkNanos(5_000_000);
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

    private static void sendAndEnd(ScriptedLocal.Stream wolf) {
        try {
            wolf.write(SENT).fin();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void floodWolfsWay(ScriptedLocal.Stream wolf) {
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
            // that was all
        }
    }

    private static void drop(ScriptedLocal.Stream wolf) {
        try {
            wolf.in().skipNBytes(Long.MAX_VALUE);
        } catch (IOException e) {
            // that was all
        }
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(length).nextBytes(noise);
        return noise;
    }
}
