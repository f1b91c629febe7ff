package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "TLS and proxies". A hosts file makes {@code helix.test} 127.0.0.1. */
class TlsIT extends AgentSpec {
    private static final String NAME = "helix.test";

    @TempDir
    static Path folder;

    private static TestCertificates known;
    private static final Map<String, SSLContext> CERTIFICATES = new HashMap<>();

    @BeforeAll
    static void makeCertificates() {
        known = TestCertificates.in(folder, "Known");
        CERTIFICATES.put("good", known.server(NAME));
        CERTIFICATES.put("address", known.server("127.0.0.1"));
        CERTIFICATES.put("expired", known.expired(NAME));
        CERTIFICATES.put("early", known.notYetValid(NAME));
        CERTIFICATES.put("other", known.server("other.test"));
        CERTIFICATES.put("cn", known.withoutAlternativeNames(NAME));
        CERTIFICATES.put("cn and address", known.withCommonName(NAME, "127.0.0.1"));
        CERTIFICATES.put("rsa 1024", known.rsaServer(1024, NAME));
        CERTIFICATES.put("rsa 2048", known.rsaServer(2048, NAME));
        CERTIFICATES.put("sha1", known.sha1Server(NAME));
        CERTIFICATES.put("below sha1", known.serverBelowSha1(NAME));
        CERTIFICATES.put("below rsa 1024", known.serverBelowRsa(1024, NAME));
        CERTIFICATES.put("below rsa 2048", known.serverBelowRsa(2048, NAME));
    }

    @Test
    void theControlAndTheDataConnectionsAreTls() throws Exception {
        try (ScriptedControlPlane secure = server("good")) {
            InProcessAgent agent = start(
                    "-api-url",
                    "https://" + NAME + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            Connection control = secure.control();
            assertThat(control.head().header("Host")).hasValue(NAME + ":" + port(secure));
            control.accept().keepAlive().connReady(newPath());
            Connection data = secure.data().accept();
            data.binary("over TLS");
            assertThat(wolf.next().read(8)).isEqualTo(bytes("over TLS"));
            agent.awaitState("Connected");
        }
    }

    @Test
    void theServersNameIsInTheHandshakeForThoseWhoHostMany() throws Exception {
        try (ScriptedControlPlane secure = server("good")) {
            start(
                    "-api-url",
                    "wss://" + NAME + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            SSLSocket socket = (SSLSocket) secure.control().socket();
            assertThat(((ExtendedSSLSession) socket.getSession()).getRequestedServerNames())
                    .singleElement()
                    .asString()
                    .contains(NAME);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "expired,helix.test,expired",
        "early,helix.test,not yet valid",
        "other,helix.test,name",
        "good,127.0.0.1,name",
        "cn,helix.test,only in the CN",
        "cn and address,helix.test,only in the CN",
        "rsa 1024,helix.test,an RSA key of 1024 bits",
        "sha1,helix.test,is signed with SHA1",
        "below sha1,helix.test,CN=Intermediate is signed with SHA1",
        "below rsa 1024,helix.test,CN=Intermediate has an RSA key of 1024 bits"
    })
    void aCertificateThatDoesNotFitIsRefusedAndTheMessageSaysWhy(String alias, String host, String why)
            throws Exception {
        try (ScriptedControlPlane secure = server(alias)) {
            InProcessAgent agent = start(
                    "-api-url",
                    "https://" + host + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            assertThat(agent.awaitReason("TlsFailure")
                            .path("lastError")
                            .path("message")
                            .asText())
                    .containsIgnoringCase(why);
            secure.awaitFailedHandshake();
            assertThat(secure.hasUntakenHandshake()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Unknown", "Known"})
    void anUnknownAuthorityIsRefusedEvenOneOfTheSameName(String name, @TempDir Path elsewhere) throws Exception {
        SSLContext unknown = TestCertificates.in(elsewhere, name).server(NAME);
        try (ScriptedControlPlane secure = ScriptedControlPlane.with(unknown.getServerSocketFactory())) {
            InProcessAgent agent = start(
                    "-api-url",
                    "https://" + NAME + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            assertThat(agent.awaitReason("TlsFailure")
                            .path("lastError")
                            .path("message")
                            .asText())
                    .contains("unknown CA", "-ca-file");
            secure.awaitFailedHandshake();
            assertThat(secure.hasUntakenHandshake()).isFalse();
        }
    }

    @Test
    void withoutTheCaFileOnlyTheSystemsRootsCount() throws Exception {
        try (ScriptedControlPlane secure = server("good")) {
            start("-api-url", "https://" + NAME + ":" + port(secure)).awaitReason("TlsFailure");
        }
    }

    @Test
    void anAddressInTheUrlMustBeInTheCertificate() throws Exception {
        try (ScriptedControlPlane secure = server("address")) {
            start(
                    "-api-url",
                    "https://127.0.0.1:" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            assertThat(secure.control()).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rsa 2048", "below rsa 2048"})
    void anRsaKeyOf2048BitsIsStrongEnough(String alias) throws Exception {
        try (ScriptedControlPlane secure = server(alias)) {
            start(
                    "-api-url",
                    "https://" + NAME + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            assertThat(secure.control()).isNotNull();
        }
    }

    @Test
    void aWeakCaIsLeftOutOfTheFileAndTheStatusSaysSo(@TempDir Path elsewhere, @TempDir Path mixed) throws Exception {
        TestCertificates weak = TestCertificates.rsa(elsewhere, 1024);
        Path both = Files.writeString(
                mixed.resolve("ca.pem"), Files.readString(weak.caFile()) + Files.readString(known.caFile()));
        try (ScriptedControlPlane secure =
                ScriptedControlPlane.with(weak.rsaServer(2048, NAME).getServerSocketFactory())) {
            InProcessAgent agent =
                    start("-api-url", "https://" + NAME + ":" + port(secure), "-ca-file", both.toString());
            assertThat(agent.awaitReason("TlsFailure").path("warnings"))
                    .singleElement()
                    .asString()
                    .contains("CN=RSA 1024 has an RSA key of 1024 bits");
            secure.awaitFailedHandshake();
            assertThat(secure.hasUntakenHandshake()).isFalse();
        }
    }

    @Test
    void plainHttpAndInsecureAreWarnedOfInTheStatus() throws Exception {
        InProcessAgent plain = start();
        accepted();
        assertThat(plain.awaitState("Connected").path("warnings"))
                .singleElement()
                .asString()
                .contains("http://", "token");
        try (ScriptedControlPlane secure = server("expired")) {
            InProcessAgent insecure = start("-api-url", "https://" + NAME + ":" + port(secure), "-insecure");
            secure.control().accept().keepAlive();
            assertThat(insecure.awaitState("Connected").path("warnings"))
                    .singleElement()
                    .asString()
                    .contains("-insecure");
        }
        try (ScriptedControlPlane secure = server("good")) {
            InProcessAgent fine = start(
                    "-api-url",
                    "https://" + NAME + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            secure.control().accept().keepAlive();
            assertThat(fine.awaitState("Connected").path("warnings")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"expired", "other", "cn", "rsa 1024", "sha1"})
    void insecureAcceptsWhateverCertificate(String alias) throws Exception {
        try (ScriptedControlPlane secure = server(alias)) {
            start("-api-url", "https://" + NAME + ":" + port(secure), "-insecure");
            Connection control = secure.control().accept().keepAlive();
            control.connReady(newPath());
            assertThat(secure.data()).isNotNull();
        }
    }

    @Test
    void aServerWithoutTlsIsNamed() throws Exception {
        try (ServerSocket plain = new ServerSocket(0)) {
            Thread.ofVirtual().start(() -> {
                try (var one = plain.accept()) {
                    one.getInputStream().read();
                    one.getOutputStream().write(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            start("-api-url", "https://localhost:" + plain.getLocalPort()).awaitReason("TlsFailure");
        }
    }

    @Test
    void aDataConnectionIsVerifiedToo(@TempDir Path elsewhere) throws Exception {
        SSLContext unknown = TestCertificates.in(elsewhere, "Unknown").server(NAME);
        try (ScriptedControlPlane secure = server("good")) {
            start(
                    "-api-url",
                    "https://" + NAME + ":" + port(secure),
                    "-ca-file",
                    known.caFile().toString());
            Connection control = secure.control().accept().keepAlive();
            secure.stop();
            try (ScriptedControlPlane impostor =
                    ScriptedControlPlane.with(unknown.getServerSocketFactory(), secure.address())) {
                String path = newPath();
                control.connReady(path);
                assertThat(pickupFailure(control, path)).contains("unknown CA");
                impostor.awaitFailedHandshake();
                assertThat(impostor.hasUntakenHandshake()).isFalse();
            }
        }
    }

    @Test
    void aHundredStreamsOneAfterTheOtherNeedNoFullHandshakeOfTheirOwn() throws Exception {
        wolf.echoing();
        try (ScriptedControlPlane secure = server("good")) {
            Connection control = connectedByTls(secure);
            assertThat(openInARow(secure, control, 100)).containsExactly(createdAt(control));
            assertThat(secure.accepted()).isEqualTo(101);
        }
    }

    /** A TLS 1.3 ticket can be used once, and a server gives one or two with each handshake, so most of these have none. */
    @Test
    void aHundredStreamsAtOnceAllComeUpAndAfterThemSessionsAreResumedAgain() throws Exception {
        wolf.echoing();
        try (ScriptedControlPlane secure = server("good")) {
            Connection control = connectedByTls(secure);
            for (int i = 0; i < 100; i++) {
                control.connReady(newPath());
            }
            List<Connection> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                all.add(secure.data().accept());
            }
            Set<Long> full = new HashSet<>(Set.of(createdAt(control)));
            for (Connection data : all) {
                data.binary("x");
                assertThat(data.read(1)).hasSize(1);
                full.add(createdAt(data));
            }
            System.out.println("100 streams at once: full handshakes at " + full.size() + " different milliseconds");
            assertThat(full).containsAll(openInARow(secure, control, 50));
        }
    }

    private Connection connectedByTls(ScriptedControlPlane secure) throws Exception {
        start(
                "-api-url",
                "https://" + NAME + ":" + port(secure),
                "-ca-file",
                known.caFile().toString());
        return secure.control().accept().keepAlive();
    }

    /** Opens this many streams one after the other; returns when their TLS sessions were created. */
    private static Set<Long> openInARow(ScriptedControlPlane secure, Connection control, int count) throws Exception {
        Set<Long> created = new HashSet<>();
        for (int i = 0; i < count; i++) {
            control.connReady(newPath());
            Connection data = secure.data().accept();
            data.binary("x");
            assertThat(data.read(1)).hasSize(1);
            data.send(Frame.close(1000, ""));
            data.end();
            created.add(createdAt(data));
        }
        return created;
    }

    /** When the TLS session was created; a resumed session keeps the time of its full handshake. */
    private static long createdAt(Connection connection) {
        return ((SSLSocket) connection.socket()).getSession().getCreationTime();
    }

    private ScriptedControlPlane server(String alias) throws Exception {
        return ScriptedControlPlane.with(CERTIFICATES.get(alias).getServerSocketFactory(), ownAddress());
    }

    private static int port(ScriptedControlPlane server) {
        return server.address().getPort();
    }
}
