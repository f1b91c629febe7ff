package ml.helix.wolf.agent.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.peer.ScriptedConnection;
import ml.helix.wolf.agent.peer.ScriptedServer;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.Destination;
import ml.helix.wolf.agent.transport.Proxy;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.FakeProxy;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DoctorIT {
    private static final String TOKEN = "the-runner-token";

    private final FakeWolf wolf = FakeWolf.onLoopback();

    private ScriptedServer server;

    @TempDir
    Path folder;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.plain();
        wolf.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        wolf.close();
    }

    @Test
    void allHopsPassUnderAnIdOfTheDoctorsOwn() throws Exception {
        CompletableFuture<Diagnosis> examination = examine("http://127.0.0.1:" + server.port());
        try (ScriptedConnection peer = server.next().upgrade()) {
            assertThat(peer.target()).isEqualTo("/api/v1/revdial?runnerid=doctor-wolf-gpu-1");
            peer.binary("{\"command\":\"keep-alive\"}\n");
            assertThat(peer.next().opcode()).as("a close frame").isEqualTo(8);
        }
        Diagnosis diagnosis = examination.get(20, TimeUnit.SECONDS);

        assertThat(diagnosis.healthy()).isTrue();
        assertThat(diagnosis.table())
                .containsSubsequence(
                        "name     ok", "connect  ok", "proxy    -", "tls      -", "token    ok", "upgrade  ok")
                .containsSubsequence("local    ok", "All well.")
                .contains(" at 127.0.0.1:" + server.port() + " accepts connections")
                .doesNotContain(TOKEN);
    }

    @Test
    void aProxyAndTlsAreHopsOfTheirOwn() throws Exception {
        var certificates = TestCertificates.in(folder);
        server.close();
        server = ScriptedServer.tls(certificates.server("localhost"));
        try (FakeProxy proxy = FakeProxy.open()) {
            CompletableFuture<Diagnosis> examination = examine(
                    "https://localhost:" + server.port(),
                    Optional.of(Proxy.parse("http://user:hunter2@127.0.0.1:" + proxy.port())),
                    Trust.of(Optional.of(certificates.caFile()), false));
            try (ScriptedConnection peer = server.next().upgrade()) {
                peer.binary("{\"command\":\"keep-alive\"}\n");
                peer.next();
            }

            assertThat(examination.get(20, TimeUnit.SECONDS).table())
                    .containsSubsequence(
                            "name     ok", "connect  ok", "proxy    ok", "tls      ok", "token    ok", "upgrade  ok")
                    .doesNotContain("hunter2");
        }
    }

    @Test
    void aRefusedTokenFailsAtTokenAndTheRestIsNotReached() throws Exception {
        CompletableFuture<Diagnosis> examination = examine("http://127.0.0.1:" + server.port());
        server.next().refuse("401 Unauthorized");
        Diagnosis diagnosis = examination.get(20, TimeUnit.SECONDS);

        assertThat(diagnosis.healthy()).isFalse();
        assertThat(diagnosis.table())
                .contains("token    FAILED  the control plane answered 401")
                .contains("upgrade  -       not reached")
                .contains("local    ok")
                .endsWith("Failed: token.\n");
        assertThat(diagnosis.json()).contains("{\"hop\":\"token\",\"outcome\":\"failed\",");
    }

    @Test
    void anUnknownCaFailsAtTls() throws Exception {
        server.close();
        server = ScriptedServer.tls(TestCertificates.in(folder).server("localhost"));

        assertThat(examine("https://localhost:" + server.port())
                        .get(20, TimeUnit.SECONDS)
                        .table())
                .contains("connect  ok")
                .contains("tls      FAILED")
                .contains("-ca-file")
                .contains("token    -       not reached");
    }

    @Test
    void anUnknownNameFailsAtTheFirstHop() throws Exception {
        assertThat(examine("http://no-such-host.invalid")
                        .get(40, TimeUnit.SECONDS)
                        .table())
                .contains("name     FAILED")
                .contains("connect  -       not reached");
    }

    @Test
    void aServerThatUpgradesAndSpeaksNoRevDialFailsAtUpgrade() throws Exception {
        CompletableFuture<Diagnosis> examination = examine("http://127.0.0.1:" + server.port());
        try (ScriptedConnection peer = server.next().upgrade()) {
            peer.binary("hello");

            assertThat(examination.get(20, TimeUnit.SECONDS).table())
                    .contains("token    ok")
                    .contains("upgrade  FAILED  a WebSocket, but it speaks no RevDial");
        }
    }

    @Test
    void aStoppedWolfFailsAtLocalWhileTheOtherHopsPass() throws Exception {
        wolf.stop();
        CompletableFuture<Diagnosis> examination = examine("http://127.0.0.1:" + server.port());
        try (ScriptedConnection peer = server.next().upgrade()) {
            peer.binary("{\"command\":\"keep-alive\"}\n");

            assertThat(examination.get(20, TimeUnit.SECONDS).table())
                    .contains("upgrade  ok")
                    .contains("local    FAILED  Wolf's API at " + wolf.local())
                    .endsWith("Failed: local.\n");
        }
    }

    @Test
    void aWolfThatNeverAnswersFailsAtLocal() throws Exception {
        wolf.restart(FakeWolf.Behaviour.NEVER_ANSWERS);
        CompletableFuture<Diagnosis> examination = examine("http://127.0.0.1:" + server.port());
        server.next().refuse("503 Unavailable");

        assertThat(examination.get(20, TimeUnit.SECONDS).table()).contains("does not answer; is it stuck?");
    }

    @Test
    void eachControlPlaneIsChecked() throws Exception {
        try (ScriptedServer other = ScriptedServer.plain()) {
            String good = "http://127.0.0.1:" + server.port();
            String bad = "http://127.0.0.1:" + other.port();
            CompletableFuture<Diagnosis> examination = examine(bad + "," + good);
            other.next().refuse("401 Unauthorized");
            try (ScriptedConnection peer = server.next().upgrade()) {
                peer.binary("{\"command\":\"keep-alive\"}\n");
                peer.next();
            }
            Diagnosis diagnosis = examination.get(20, TimeUnit.SECONDS);

            assertThat(diagnosis.healthy()).isFalse();
            assertThat(diagnosis.table())
                    .containsSubsequence(
                            bad + "\n", "token    FAILED", good + "\n", "token    ok", "Wolf\n", "local    ok")
                    .endsWith("Failed: token of " + bad + ".\n");
            assertThat(diagnosis.json())
                    .contains("{\"controlPlane\":\"" + bad + "\",\"hop\":\"token\",\"outcome\":\"failed\",")
                    .contains("{\"hop\":\"local\",\"outcome\":\"ok\",");
        }
    }

    private CompletableFuture<Diagnosis> examine(String url) {
        return examine(url, Optional.empty(), Trust.of(Optional.empty(), false));
    }

    private CompletableFuture<Diagnosis> examine(String url, Optional<Proxy> proxy, Trust trust) {
        var doctor = new Doctor(
                Stream.of(url.split(",", -1))
                        .map(one -> new Destination(ControlPlaneUrl.parse(one), proxy))
                        .toList(),
                trust,
                new TokenSource.Fixed(Secret.of(TOKEN)),
                "wolf-gpu-1",
                WolfAddress.parse(wolf.local()));
        return CompletableFuture.supplyAsync(doctor::examine);
    }
}
