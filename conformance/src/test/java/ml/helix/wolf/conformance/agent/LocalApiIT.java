package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedWolf;
import ml.helix.wolf.testkit.FreePort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Data connections": the agent's answer to a conn-ready if Wolf can't be reached. */
class LocalApiIT extends AgentSpec {

    @TempDir
    Path folder;

    @Test
    void whereItRefusesTheServerHearsWhyAndTheNextOneIsTried() throws Exception {
        int port = wolf.port();
        wolf.close();
        Connection control = connected("-local", "127.0.0.1:" + port);
        assertPickupFails(control, "refused");
        try (ScriptedWolf back = ScriptedWolf.at(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port))) {
            control.connReady(newPath());
            server.data().accept().binary("there");
            assertThat(back.next().read(5)).isEqualTo(bytes("there"));
        }
    }

    @Test
    void whereItsSocketFileIsMissingTheServerHearsWhy() throws Exception {
        Connection control = connected("-local", "unix://" + folder.resolve("wolf.sock"));
        assertPickupFails(control, "no such socket");
        assertAnswers(control);
    }

    @Test
    void whereNobodyListensAtItsSocketFileTheServerHearsWhy() throws Exception {
        Path socket = folder.resolve("wolf.sock");
        ScriptedWolf.at(socket).close();
        Connection control = connected("-local", "unix://" + socket);
        assertPickupFails(control, "nobody listens");
        assertAnswers(control);
    }

    /** A real process: root may open any socket, so its process drops the capability for it. */
    @Test
    void whereItsSocketIsNotPermittedTheServerHearsWhy() throws Exception {
        boolean root =
                ProcessHandle.current().info().user().filter("root"::equals).isPresent();
        Path setpriv = Path.of("/usr/bin/setpriv");
        assumeThat(!root || Files.isExecutable(setpriv))
                .as("root can't drop a capability without setpriv")
                .isTrue();
        List<String> powerless =
                root ? List.of(setpriv.toString(), "--bounding-set=-dac_override,-dac_read_search") : List.of();
        Path socket = folder.resolve("wolf.sock");
        try (ScriptedWolf closed = ScriptedWolf.at(socket)) {
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("---------"));
            try (AgentProcess agent = AgentProcess.start(
                    folder,
                    powerless,
                    List.of(),
                    Map.of("RUNNER_TOKEN", TOKEN),
                    List.of("-api-url", "http://" + server.authority(), "-wolf-id", "x", "-local", closed.address()))) {
                Connection control = accepted();
                assertPickupFails(control, "not permitted");
                assertAnswers(control);
                agent.await(status -> status.path("wolfReachable").isBoolean(), "probe");
            }
        }
    }

    @Test
    void aNewWolfWithANewSocketFileIsFoundAtOnce() throws Exception {
        Path socket = folder.resolve("wolf.sock");
        Connection control;
        try (ScriptedWolf first = ScriptedWolf.at(socket)) {
            first.expectProbe();
            control = connected("-local", first.address());
            first.awaitProbe();
            control.connReady(newPath());
            server.data().accept().binary("one");
            assertThat(first.next().read(3)).isEqualTo(bytes("one"));
            Files.delete(socket);
            try (ScriptedWolf second = ScriptedWolf.at(socket)) {
                control.connReady(newPath());
                server.data().accept().binary("two");
                assertThat(second.next().read(3)).isEqualTo(bytes("two"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void localhostIsTriedAsIpv6AndAsIpv4(String where) throws Exception {
        try (ScriptedWolf only =
                ScriptedWolf.at(new InetSocketAddress(InetAddress.ofLiteral(where), FreePort.choose()))) {
            only.expectProbe();
            Connection control = connected("-local", "localhost:" + only.port());
            only.awaitProbe();
            control.connReady(newPath());
            server.data().accept().binary("found");
            assertThat(only.next().read(5)).isEqualTo(bytes("found"));
        }
    }

    @Test
    void aHostThatDoesNotExistIsNamed() throws Exception {
        Connection control = connected("-local", "wolf.invalid:8080");
        assertPickupFails(control, "wolf.invalid");
        assertAnswers(control);
    }

    @Test
    void aSocketThatIsAPlainFileIsNoReasonToDie() throws Exception {
        Path file = Files.writeString(folder.resolve("wolf.sock"), "no socket");
        Connection control = connected("-local", "unix://" + file);
        assertPickupFails(control, "no socket");
        assertAnswers(control);
    }

    @Test
    void aWolfThatHangsUpAtOnceEndsOnlyThatStream() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        wolf.next().close();
        Connection data = server.data().accept();
        data.end();
        assertServes(control);
    }

    /** A pickup-failed with the reason must come, whether or not the agent has requested the data connection. */
    private void assertPickupFails(Connection control, String why) throws Exception {
        server.onData(Connection::accept);
        String path = newPath();
        control.connReady(path);
        assertThat(pickupFailure(control, path)).containsIgnoringCase(why);
        server.queueData();
    }

    private void assertAnswers(Connection control) throws Exception {
        control.connReady("//refused");
        pickupFailure(control, "//refused");
    }
}
