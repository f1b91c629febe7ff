package ml.helix.wolf.bench.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocketFactory;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumptionsIT {
    @TempDir
    Path folder;

    @Test
    void aSecondHandshakeOfTheSameClientResumesAndOneOfANewClientDoesNot() throws Exception {
        var certificates = TestCertificates.in(folder);
        try (var server = (SSLServerSocket) certificates
                        .server("localhost")
                        .getServerSocketFactory()
                        .createServerSocket(0, 5, InetAddress.getLoopbackAddress());
                var relay = new Resumptions(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()))) {
            Thread.ofVirtual().start(() -> answer(server));
            SSLSocketFactory client = certificates.client().getSocketFactory();
            exchange(client, relay.port());
            exchange(client, relay.port());
            exchange(certificates.client().getSocketFactory(), relay.port());

            assertThat(relay.handshakes()).isEqualTo(3);
            assertThat(relay.resumed()).isEqualTo(1);
        }
    }

    @Test
    void whatIsNoServerHelloResumesNothing() {
        assertThat(Resumptions.resumes(new byte[0])).isFalse();
        assertThat(Resumptions.resumes(new byte[100])).isFalse();
    }

    private static void exchange(SSLSocketFactory client, int port) throws IOException {
        try (Socket socket = client.createSocket("localhost", port)) {
            socket.getOutputStream().write(1);
            socket.getInputStream().readAllBytes();
        }
    }

    private static void answer(SSLServerSocket server) {
        try {
            while (true) {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().read();
                    socket.getOutputStream().write(1);
                }
            }
        } catch (IOException e) {
            // closed
        }
    }
}
