package ml.helix.wolf.bench.streams;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Each step of the measurement once, with few bytes. */
class StreamBenchIT {

    @Test
    void everyStepWorksThroughAControlPlaneAndAnAgent() throws Exception {
        try (var programs = Programs.start(Path.of("..").toAbsolutePath().normalize())) {
            var bench = new StreamBench(programs);
            bench.bulk(2);
            bench.streamsAtOnce(10, 64 * 1024);
            bench.requests(10);
        }
    }

    @Test
    void aChangedByteIsNoticed() throws Exception {
        try (var service = LocalService.start();
                var changing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatCode(() -> new Caller(service.port()).download(100_000)).doesNotThrowAnyException();

            Thread.ofVirtual().start(() -> changeOneByte(changing, service.port()));
            assertThatThrownBy(() -> new Caller(changing.getLocalPort()).download(100_000))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("SHA-256");
        }
    }

    private static void changeOneByte(ServerSocket caller, int service) {
        try (Socket here = caller.accept();
                Socket there = new Socket(InetAddress.getLoopbackAddress(), service)) {
            there.getOutputStream().write(here.getInputStream().readNBytes(9));
            byte[] bytes = there.getInputStream().readAllBytes();
            bytes[50_000]++;
            here.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
