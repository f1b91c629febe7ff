package ml.helix.wolf.agent.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Timers;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WolfDialerIT {
    private final ScheduledExecutorService timers = Timers.daemon("test-timers");

    @TempDir
    Path folder;

    @AfterEach
    void stopTimers() {
        timers.shutdownNow();
    }

    @Test
    void asksAWolfOnTcp() throws IOException {
        try (FakeWolf wolf = FakeWolf.onLoopback().start()) {
            assertThat(ask(dialer("127.0.0.1:" + wolf.port()))).startsWith("HTTP/1.0 200");
        }
    }

    @Test
    void asksAWolfOnAUnixSocketBeforeAndAfterItsRestart() throws IOException {
        try (FakeWolf wolf = FakeWolf.at(socket()).start()) {
            WolfDialer dialer = dialer("unix://" + socket());
            assertThat(ask(dialer)).startsWith("HTTP/1.0 200");

            wolf.restart();

            assertThat(ask(dialer)).startsWith("HTTP/1.0 200");
        }
    }

    @Test
    void localhostIsTriedAsIpv6First() throws Exception {
        int port = FreePort.choose();
        try (var six = new ServerSocket(port, 10, InetAddress.ofLiteral("::1"));
                var _ = new ServerSocket(port, 10, InetAddress.ofLiteral("127.0.0.1"))) {
            dialer("localhost:" + port).dial().close();

            assertThat(six.accept().isConnected()).isTrue();
        }
    }

    @Test
    void localhostIsIpv4IfNobodyListensOnIpv6() throws Exception {
        try (var four = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
            dialer("localhost:" + four.getLocalPort()).dial().close();

            assertThat(four.accept().isConnected()).isTrue();
        }
    }

    @Test
    void aClosedPortAsksWhetherWolfRuns() throws IOException {
        assertProblem("localhost:" + FreePort.choose(), "refused; is Wolf running");
    }

    @Test
    void aMissingSocketAsksWhetherWolfRuns() {
        assertProblem("unix://" + socket(), "there is no such socket");
    }

    @Test
    void aMissingFolderAsksWhetherItIsMounted() {
        assertProblem("unix://" + folder.resolve("missing/wolf.sock"), "is it mounted");
    }

    @Test
    void aSocketThatAStoppedWolfLeftBehindIsNamedSo() {
        FakeWolf wolf = FakeWolf.at(socket()).start();
        wolf.stop();

        assertProblem("unix://" + socket(), "left the file behind");
    }

    @Test
    void aFileThatIsNoSocketIsNamedSo() throws IOException {
        Files.writeString(socket(), "");

        assertProblem("unix://" + socket(), "that is no socket");
    }

    @Test
    void aSocketWithoutPermissionSaysHowToGetIt() throws IOException {
        assumeTrue(!"root".equals(System.getProperty("user.name")), "root may open everything");
        try (FakeWolf wolf = FakeWolf.at(socket()).start()) {
            Files.setPosixFilePermissions(socket(), PosixFilePermissions.fromString("---------"));

            assertProblem("unix://" + socket(), "supplementalGroups");
            assertThat(wolf.acceptedConnections()).isZero();
        }
    }

    @Test
    void aDialOfAUnixSocketWithAFullQueueFailsAfterFiveSeconds() {
        try (FakeWolf _ = FakeWolf.at(socket()).start(FakeWolf.Behaviour.NEVER_ACCEPTS)) {
            assertProblem("unix://" + socket(), "no answer within 5 s");
        }
    }

    @Test
    void aDialOfATcpPortWithAFullQueueFailsAfterFiveSeconds() {
        try (FakeWolf wolf = FakeWolf.onLoopback().start(FakeWolf.Behaviour.NEVER_ACCEPTS)) {
            assertProblem("127.0.0.1:" + wolf.port(), "no answer within 5 s");
        }
    }

    private void assertProblem(String address, String words) {
        assertThatThrownBy(() -> dialer(address).dial())
                .isInstanceOf(WolfUnreachableException.class)
                .hasMessageStartingWith("Wolf's API at " + address + " is not reachable: ")
                .hasMessageContaining(words);
    }

    private Path socket() {
        return folder.resolve("wolf.sock");
    }

    private WolfDialer dialer(String address) {
        return new WolfDialer(WolfAddress.parse(address), new Resolver(), timers);
    }

    private static String ask(WolfDialer dialer) throws IOException {
        try (ByteStream stream = dialer.dial()) {
            byte[] request = "GET /api/v1/apps HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
            stream.write(request, 0, request.length);
            var answer = new ByteArrayOutputStream();
            byte[] buffer = new byte[100];
            int count;
            while ((count = stream.read(buffer, 0, buffer.length)) > 0) {
                answer.write(buffer, 0, count);
            }
            return answer.toString(StandardCharsets.US_ASCII);
        }
    }
}
