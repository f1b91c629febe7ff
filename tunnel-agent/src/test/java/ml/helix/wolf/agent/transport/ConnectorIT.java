package ml.helix.wolf.agent.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.peer.ScriptedConnection;
import ml.helix.wolf.agent.peer.ScriptedServer;
import ml.helix.wolf.revdial.Timers;
import ml.helix.wolf.testkit.FakeProxy;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ConnectorIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ScheduledExecutorService TIMERS = Timers.daemon("test-timers");

    @TempDir
    static Path folder;

    private static TestCertificates certificates;
    private static SSLContext localhost;

    @BeforeAll
    static void makeCertificates() {
        certificates = TestCertificates.in(folder);
        localhost = certificates.server("localhost");
    }

    @AfterAll
    static void stopTimers() {
        TIMERS.shutdownNow();
    }

    @Test
    void anUnknownNameIsADnsFailureThatNamesIt() {
        assertThat(failure("http://no-such-host.invalid:1", Optional.empty()))
                .hasMessageContaining("no-such-host.invalid")
                .extracting(TunnelException::reason)
                .isEqualTo(FailureReason.DNS_FAILURE);
    }

    @Test
    void aClosedPortIsAConnectFailure() throws IOException {
        assertThat(failure("http://127.0.0.1:" + FreePort.choose(), Optional.empty()))
                .hasMessageContaining("is it running")
                .extracting(TunnelException::reason)
                .isEqualTo(FailureReason.CONNECT_FAILURE);
    }

    @Test
    void anAddressThatDropsPacketsIsAConnectFailureWithinTheDeadline() {
        try (FakeWolf blackHole = FakeWolf.onLoopback().start(FakeWolf.Behaviour.NEVER_ACCEPTS)) {
            String address = "http://127.0.0.1:" + blackHole.port();

            assertThat(failure(address, Optional.empty(), Trust.of(Optional.empty(), false), Duration.ofSeconds(1)))
                    .hasMessageContaining("timed out")
                    .extracting(TunnelException::reason)
                    .isEqualTo(FailureReason.CONNECT_FAILURE);
        }
    }

    @Test
    void localhostIsTriedAsIpv6First() throws IOException {
        try (var six = new ServerSocket(0, 10, InetAddress.ofLiteral("::1"))) {
            Wire wire = connector("http://localhost:" + six.getLocalPort(), Optional.empty(), trust())
                    .connect(deadline());

            assertThat(six.accept().getInetAddress()).isEqualTo(InetAddress.ofLiteral("::1"));
            wire.cut();
        }
    }

    @Test
    void anAddressThatDropsPacketsDelaysTheNextOneLittle() throws IOException {
        try (FakeWolf blackHole = FakeWolf.onLoopback().start(FakeWolf.Behaviour.NEVER_ACCEPTS);
                var good = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
            var addresses = List.of(
                    (InetSocketAddress) blackHole.listenAddress(), (InetSocketAddress) good.getLocalSocketAddress());

            try (var socket = TcpDial.connect(addresses, deadline())) {
                assertThat(socket.getPort()).isEqualTo(good.getLocalPort());
                assertThat(socket.getTcpNoDelay()).isTrue();
            }
        }
    }

    @Test
    void aServerOfTheGivenCaIsTrustedAndGetsItsNameBySniEvenWithoutADot() throws Exception {
        try (var server = ScriptedServer.tls(localhost)) {
            Wire wire = connector("https://localhost:" + server.port(), Optional.empty(), trust())
                    .connect(deadline());
            wire.output().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            try (ScriptedConnection peer = server.next()) {
                var session = (ExtendedSSLSession) ((SSLSocket) peer.socket()).getSession();
                assertThat(session.getRequestedServerNames()).hasToString("[type=host_name (0), value=localhost]");
                assertThat(session.getProtocol()).isEqualTo("TLSv1.3");
            }
            wire.cut();
        }
    }

    @Test
    void aCertificateForAnAddressNeedsNoName() throws Exception {
        try (var server = ScriptedServer.tls(certificates.server("127.0.0.1"))) {
            connector("https://127.0.0.1:" + server.port(), Optional.empty(), trust())
                    .connect(deadline())
                    .cut();
        }
    }

    @Test
    void anUnknownCaIsNamed() throws Exception {
        try (var server = ScriptedServer.tls(localhost)) {
            assertTlsFailure(server, Trust.of(Optional.empty(), false), "unknown CA");
        }
    }

    @Test
    void aWrongNameIsNamed() throws Exception {
        try (var server = ScriptedServer.tls(certificates.server("other.example.com"))) {
            assertTlsFailure(server, trust(), "is not for the name localhost");
        }
    }

    @Test
    void anExpiredCertificateIsNamed() throws Exception {
        try (var server = ScriptedServer.tls(certificates.expired("localhost"))) {
            assertTlsFailure(server, trust(), "has expired");
        }
    }

    @Test
    void aServerWithoutTlsIsNamed() throws Exception {
        try (var server = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
            Thread.ofVirtual().start(() -> {
                try (var socket = server.accept()) {
                    socket.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // the client is gone
                }
            });

            assertThat(failure("https://localhost:" + server.getLocalPort(), Optional.empty()))
                    .hasMessageContaining("does not speak TLS")
                    .extracting(TunnelException::reason)
                    .isEqualTo(FailureReason.TLS_FAILURE);
        }
    }

    @Test
    void aServerThatNeverAnswersTheTlsHandshakeIsAHandshakeTimeout() throws Exception {
        try (var server = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
            String url = "https://127.0.0.1:" + server.getLocalPort();

            assertThat(failure(url, Optional.empty(), trust(), Duration.ofSeconds(3)))
                    .extracting(TunnelException::reason)
                    .isEqualTo(FailureReason.HANDSHAKE_TIMEOUT);
        }
    }

    @Test
    void anAddressThatDropsPacketsIsGivenUpBeforeTheDeadline() throws Exception {
        try (FakeWolf silent = FakeWolf.onLoopback().start(FakeWolf.Behaviour.NEVER_ACCEPTS)) {
            var connector = new Connector(
                    ControlPlaneUrl.parse("http://127.0.0.1:" + silent.port()),
                    Optional.empty(),
                    new Tls(trust()),
                    new Resolver(),
                    Duration.ofMillis(100));
            Deadline deadline = deadline();

            assertThatThrownBy(() -> connector.connect(deadline))
                    .isInstanceOfSatisfying(TunnelException.class, failure -> {
                        assertThat(failure.reason()).isEqualTo(FailureReason.CONNECT_FAILURE);
                        assertThat(failure).hasMessageContaining("timed out");
                    });
            assertThat(deadline.hasPassed()).isFalse();
        }
    }

    @Test
    void insecureAcceptsAnyCertificate() throws Exception {
        try (var server = ScriptedServer.tls(certificates.expired("other.example.com"))) {
            connector("https://localhost:" + server.port(), Optional.empty(), Trust.of(Optional.empty(), true))
                    .connect(deadline())
                    .cut();
        }
    }

    @Test
    void oneHundredConnectionsInARowNeedOneFullHandshake() throws Exception {
        try (var server = ScriptedServer.tls(localhost)) {
            Connector connector = connector("https://localhost:" + server.port(), Optional.empty(), trust());

            assertThat(sessionsMade(100, server, () -> connector)).isEqualTo(1);
        }
    }

    @Test
    void connectorsWithoutASharedTrustMakeASessionEach() throws Exception {
        try (var server = ScriptedServer.tls(localhost)) {
            String url = "https://localhost:" + server.port();

            assertThat(sessionsMade(3, server, () -> connector(url, Optional.empty(), trust())))
                    .isEqualTo(3);
        }
    }

    /** A resumed session has the creation time of the session that it continues. */
    private static int sessionsMade(int connections, ScriptedServer server, Supplier<Connector> connectors)
            throws IOException {
        Set<Long> created = new HashSet<>();
        for (int i = 0; i < connections; i++) {
            Wire wire = connectors.get().connect(deadline());
            wire.output().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            try (ScriptedConnection peer = server.next()) {
                peer.raw(new byte[] {'.'});
                assertThat(wire.input().read()).isEqualTo('.');
            }
            created.add(((SSLSocket) wire.top()).getSession().getCreationTime());
            wire.end();
        }
        return created.size();
    }

    @Test
    void aChangedCaFileIsUsedAndABrokenOneIsNot(@TempDir Path other) throws Exception {
        Path file = Files.copy(TestCertificates.in(other).caFile(), folder.resolve("changing.pem"));
        Trust trust = Trust.of(Optional.of(file), false);
        try (var server = ScriptedServer.tls(localhost)) {
            String url = "https://localhost:" + server.port();
            assertThat(failure(url, Optional.empty(), trust, PATIENCE)).hasMessageContaining("unknown CA");

            Files.copy(certificates.caFile(), file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            trust.refresh();
            connector(url, Optional.empty(), trust).connect(deadline()).cut();

            Files.writeString(file, "nonsense");
            trust.refresh();
            connector(url, Optional.empty(), trust).connect(deadline()).cut();
        }
    }

    @Test
    void aCaFileWithoutACertificateIsRefused() throws IOException {
        for (String text : List.of("", "nothing")) {
            Path file = Files.writeString(folder.resolve("empty.pem"), text);

            assertThatThrownBy(() -> Trust.of(Optional.of(file), false)).hasMessageContaining("no certificate in PEM");
        }
        assertThatThrownBy(() -> Trust.of(Optional.of(folder.resolve("missing.pem")), false))
                .hasMessageContaining("can't be read");
    }

    @Test
    void aProxyIsAskedByConnectForHttpAndHttps() throws Exception {
        try (var proxy = FakeProxy.open();
                var plain = ScriptedServer.plain();
                var secure = ScriptedServer.tls(localhost)) {
            Optional<Proxy> way = Optional.of(Proxy.parse("http://127.0.0.1:" + proxy.port()));
            List<String> hops = new ArrayList<>();

            connector("http://127.0.0.1:" + plain.port(), way, trust())
                    .connect(deadline())
                    .cut();
            connector("https://localhost:" + secure.port(), way, trust())
                    .connect(deadline(), (hop, detail) -> hops.add(hop.word()))
                    .cut();

            assertThat(proxy.heads()).hasSize(2);
            assertThat(proxy.heads().getFirst())
                    .startsWith("CONNECT 127.0.0.1:" + plain.port() + " HTTP/1.1\r\n")
                    .contains("Host: 127.0.0.1:" + plain.port())
                    .doesNotContain("Authorization");
            assertThat(hops).containsExactly("name", "connect", "proxy", "tls");
        }
    }

    @Test
    void theProxyGetsTheUrlsUserAndPassword() throws Exception {
        String basic = Base64.getEncoder().encodeToString("user:p@ss".getBytes(StandardCharsets.UTF_8));
        try (var proxy = FakeProxy.requiring(basic);
                var server = ScriptedServer.plain()) {
            String target = "http://127.0.0.1:" + server.port();
            connector(target, Optional.of(Proxy.parse("http://user:p%40ss@127.0.0.1:" + proxy.port())), trust())
                    .connect(deadline())
                    .cut();

            assertProxyFailure(target, "http://127.0.0.1:" + proxy.port(), "wants a user and a password");
            assertProxyFailure(target, "http://user:wrong@127.0.0.1:" + proxy.port(), "does not accept the user");
        }
    }

    @Test
    void aProxyThatRefusesOrIsNotThereIsAProxyFailure() throws Exception {
        try (var proxy = FakeProxy.refusing(403)) {
            assertProxyFailure("http://h.example.com", "http://127.0.0.1:" + proxy.port(), "does not allow");
        }
        assertProxyFailure(
                "http://h.example.com", "http://127.0.0.1:" + FreePort.choose(), "cannot connect to the proxy");
        assertProxyFailure("http://h.example.com", "http://no-such-host.invalid:1", "the proxy is not found");
    }

    @Test
    void aProxyThatNeverAnswersIsAProxyFailure() throws Exception {
        try (var mute = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
            var way = Optional.of(Proxy.parse("http://127.0.0.1:" + mute.getLocalPort()));

            assertThat(failure("http://h.example.com", way, trust(), Duration.ofSeconds(3)))
                    .hasMessageContaining("no answer in time")
                    .extracting(TunnelException::reason)
                    .isEqualTo(FailureReason.PROXY_FAILURE);
        }
    }

    private static void assertTlsFailure(ScriptedServer server, Trust trust, String words) {
        assertThat(failure("https://localhost:" + server.port(), Optional.empty(), trust, PATIENCE))
                .hasMessageContaining(words)
                .extracting(TunnelException::reason)
                .isEqualTo(FailureReason.TLS_FAILURE);
    }

    private static void assertProxyFailure(String target, String proxy, String words) {
        assertThat(failure(target, Optional.of(Proxy.parse(proxy))))
                .hasMessageContaining(words)
                .hasMessageNotContaining("wrong")
                .extracting(TunnelException::reason)
                .isEqualTo(FailureReason.PROXY_FAILURE);
    }

    private static TunnelException failure(String url, Optional<Proxy> proxy) {
        return failure(url, proxy, trust(), PATIENCE);
    }

    private static TunnelException failure(String url, Optional<Proxy> proxy, Trust trust, Duration time) {
        return catchThrowableOfType(
                TunnelException.class, () -> connector(url, proxy, trust).connect(Deadline.in(time, TIMERS)));
    }

    private static Connector connector(String url, Optional<Proxy> proxy, Trust trust) {
        return new Connector(ControlPlaneUrl.parse(url), proxy, new Tls(trust), new Resolver());
    }

    private static Trust trust() {
        return Trust.of(Optional.of(certificates.caFile()), false);
    }

    private static Deadline deadline() {
        return Deadline.in(PATIENCE, TIMERS);
    }
}
