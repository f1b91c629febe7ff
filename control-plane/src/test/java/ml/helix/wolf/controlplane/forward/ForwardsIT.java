package ml.helix.wolf.controlplane.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure;
import org.junit.jupiter.api.Test;

/** The forwards alone: their streams come from the test. */
class ForwardsIT {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final Dialing dialing = runnerId -> new Settled(runnerId);

    @Test
    void eachPortDialsItsOwnRunner() throws Exception {
        try (var forwards = new Forwards(List.of(forward("wolf-1"), forward("wolf-2")), dialing)) {
            assertThat(forwards.ports()).isEmpty();
            forwards.start();

            assertThat(read(forwards.ports().getFirst())).isEqualTo("wolf-1");
            assertThat(read(forwards.ports().getLast())).isEqualTo("wolf-2");
        }
    }

    @Test
    void aDialThatFailsClosesTheConnection() throws Exception {
        try (var forwards = new Forwards(List.of(forward("nobody")), dialing)) {
            forwards.start();

            assertThat(read(forwards.ports().getFirst())).isEmpty();
        }
    }

    @Test
    void aPortThatIsTakenIsNamedAndCloseFreesTheOthers() throws Exception {
        try (var taken = new ServerSocket(0, 1, ANY_PORT.getAddress())) {
            var forwards = new Forwards(
                    List.of(
                            forward("wolf-1"),
                            new Forward(new InetSocketAddress("127.0.0.1", taken.getLocalPort()), "wolf-2")),
                    dialing);

            assertThatThrownBy(forwards::start)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort());
            int port = forwards.ports().getFirst();
            forwards.close();
            assertThatThrownBy(() -> read(port)).isInstanceOf(ConnectException.class);
        }
    }

    private static Forward forward(String runnerId) {
        return new Forward(ANY_PORT, runnerId);
    }

    private static String read(int port) throws IOException {
        try (var caller = new Socket("127.0.0.1", port)) {
            caller.setSoTimeout(30_000);
            return new String(caller.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Fails for the runner "nobody"; any other says its id and ends. */
    private record Settled(String runnerId) implements Dial {
        @Override
        public ByteStream await() throws DialException {
            if (runnerId.equals("nobody")) {
                throw new DialException(runnerId, new DialFailure.NoConnection());
            }
            return new Saying(runnerId.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public boolean isSettled() {
            return true;
        }

        @Override
        public void withdraw() {}
    }

    private static final class Saying implements ByteStream {
        private final ByteArrayInputStream text;

        Saying(byte[] text) {
            this.text = new ByteArrayInputStream(text);
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            return text.read(buffer, offset, length);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {}

        @Override
        public void close() {}
    }
}
