package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Contract, section 1, data connections: every byte before the first end is delivered, even if the other side sends without
 * pause and reads slowly.
 */
class EndingIT extends ControlPlaneSpec {
    private static final byte[] SENT = noise(4 << 20);
    private static final int PIECE = 64 * 1024;

    private Connection data;
    private Socket caller;

    @BeforeEach
    void startControlPlane() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        caller = connectToForward();
        data = pickUp(awaitConnReady(control));
    }

    @Test
    void aCallerThatSendsWithoutPauseAndReadsSlowlyGetsEveryByte() throws Exception {
        inBackground(() -> {
            while (true) {
                caller.getOutputStream().write(new byte[PIECE]);
            }
        });
        inBackground(() -> {
            while (true) {
                data.frame();
            }
        });
        CompletableFuture<Void> sent = inBackground(() -> {
            data.binary(SENT);
            data.send(Frame.close(1000, ""));
        });

        var received = new ByteArrayOutputStream();
        byte[] piece;
        while ((piece = caller.getInputStream().readNBytes(PIECE)).length > 0) {
            received.writeBytes(piece);
            LockSupport.parkNanos(5_000_000);
        }

        assertThat(received.toByteArray()).isEqualTo(SENT);
        sent.join();
    }

    @Test
    void anAgentThatSendsWithoutPauseAndReadsSlowlyGetsEveryByte() throws Exception {
        inBackground(() -> {
            while (true) {
                data.binary(new byte[PIECE]);
            }
        });
        inBackground(() -> caller.getInputStream().skipNBytes(Long.MAX_VALUE));
        CompletableFuture<Void> sent = inBackground(() -> {
            caller.getOutputStream().write(SENT);
            caller.shutdownOutput();
        });

        var received = new ByteArrayOutputStream();
        Frame frame;
        while ((frame = data.frame()).opcode() != Frame.CLOSE) {
            if (frame.opcode() == Frame.BINARY) {
                received.writeBytes(frame.payload());
                LockSupport.parkNanos(1_000_000);
            }
        }

        assertThat(received.toByteArray()).isEqualTo(SENT);
        sent.join();
    }
}
