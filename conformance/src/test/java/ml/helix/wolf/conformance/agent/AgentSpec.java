package ml.helix.wolf.conformance.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.net.ServerSocketFactory;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedControlPlane;
import ml.helix.wolf.conformance.peer.ScriptedWolf;
import ml.helix.wolf.conformance.secrets.Secrets;
import ml.helix.wolf.testkit.FreePort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The fixture of the agent's half: a scripted control plane, a scripted Wolf, and agents that are stopped after the test. */
abstract class AgentSpec {
    /** Contains the mark that {@link Secrets} searches for. */
    static final String TOKEN = Secrets.MARK + "-runner-token";

    static final ObjectMapper JSON = new ObjectMapper();

    ScriptedControlPlane server;
    ScriptedWolf wolf;
    private final List<InProcessAgent> agents = new ArrayList<>();

    @BeforeEach
    void openPeers() throws IOException {
        server = ScriptedControlPlane.with(ServerSocketFactory.getDefault(), ownAddress());
        wolf = ScriptedWolf.at(ownAddress());
    }

    /** An address that no other test gets, even while nothing listens there: an agent may still try to connect. */
    static InetSocketAddress ownAddress() throws IOException {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), FreePort.choose());
    }

    @AfterEach
    void closeAll() throws IOException {
        agents.forEach(InProcessAgent::close);
        server.close();
        wolf.close();
    }

    /** Starts an agent with the usual flags and then these; of a repeated flag the last one counts. */
    InProcessAgent start(String... flags) throws IOException {
        return start(Map.of(), flags);
    }

    /** The same, with this environment. */
    InProcessAgent start(Map<String, String> environment, String... flags) throws IOException {
        if (!List.of(flags).contains("-local")) {
            wolf.expectProbe();
        }
        List<String> all = new ArrayList<>(List.of("-api-url", "http://" + server.authority()));
        all.addAll(List.of("-wolf-id", "gpu-1", "-token", TOKEN, "-local", wolf.address()));
        all.addAll(List.of(flags));
        InProcessAgent agent = startWith(environment, all);
        wolf.awaitProbe();
        return agent;
    }

    /**
     * Starts an agent with only these flags, an ephemeral monitoring port, a short wait before it reconnects and, unless the
     * flags say so, no heartbeats.
     */
    InProcessAgent startWith(Map<String, String> environment, List<String> flags) throws IOException {
        List<String> all = new ArrayList<>(List.of("-listen", "127.0.0.1:0", "-reconnect", "1", "-register=false"));
        all.addAll(flags);
        InProcessAgent agent = InProcessAgent.start(environment, all);
        agents.add(agent);
        return agent;
    }

    /** Starts an agent and accepts its control connection. */
    Connection connected(String... flags) throws Exception {
        start(flags);
        return accepted();
    }

    /** Accepts the next control connection and sends a keep-alive, as a Go server does. */
    Connection accepted() throws Exception {
        return server.control().accept().keepAlive();
    }

    /** A connPath in the form of today's servers, never used before. */
    static String newPath() {
        return "/revdial?revdial.dialer=" + hex() + "&revdial.req=" + hex();
    }

    static String hex() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    /** Both ends of one stream: the data connection at the control plane, and the agent's connection to Wolf. */
    record StreamEnds(Connection atServer, ScriptedWolf.Stream atWolf) {}

    /**
     * Asks for a data connection and accepts it. One byte is sent through it: a connection to Wolf that ends without a
     * byte is the agent's health check, which comes every 30 s and with each {@code /status}.
     */
    StreamEnds openStream(Connection control) throws Exception {
        control.connReady(newPath());
        Connection atServer = server.data().accept().binary("?");
        ScriptedWolf.Stream atWolf = wolf.next();
        while (atWolf.read(1).length == 0) {
            atWolf = wolf.next();
        }
        return new StreamEnds(atServer, atWolf);
    }

    /** Checks that this control connection still works and that the agent has read everything sent before. */
    void assertServes(Connection control) throws Exception {
        String path = newPath();
        control.connReady(path);
        Connection data = server.data();
        if (!data.head().target().equals("/api/v1" + path)) {
            throw new AssertionError(
                    "a conn-ready for " + path + " must be answered by a pickup there, but the agent requested "
                            + data.head().target());
        }
        data.close();
    }

    /** The next line from the agent, as JSON. */
    static JsonNode line(Connection control) throws IOException {
        return JSON.readTree(control.line());
    }

    /** Checks that the next line is a pickup-failed for this path, echoed byte for byte; returns its reason. */
    static String pickupFailure(Connection control, String connPath) throws IOException {
        JsonNode line = line(control);
        if (!line.path("command").asText().equals("pickup-failed")
                || !line.path("connPath").asText().equals(connPath)) {
            throw new AssertionError(
                    "the agent must answer with a pickup-failed for " + connPath + ", but sent " + line);
        }
        return line.path("err").asText();
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
