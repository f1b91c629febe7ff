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

/** What each section stands on: a scripted control plane, a scripted local API, and agents that end with the test. */
abstract class AgentSpec {
    /** Looks like nothing else, so that a search for it finds it wherever it leaks. */
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

    /** One that no other test gets while nobody listens there; an agent may go on asking for it. */
    static InetSocketAddress ownAddress() throws IOException {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), FreePort.choose());
    }

    @AfterEach
    void closeAll() throws IOException {
        agents.forEach(InProcessAgent::close);
        server.close();
        wolf.close();
    }

    /** An agent with these flags after the usual ones; of two of a kind the later counts. */
    InProcessAgent start(String... flags) throws IOException {
        return start(Map.of(), flags);
    }

    /** The same with this environment. */
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

    /** An agent with these flags and no others but an ephemeral port to listen on and a short wait to reconnect. */
    InProcessAgent startWith(Map<String, String> environment, List<String> flags) throws IOException {
        List<String> all = new ArrayList<>(List.of("-listen", "127.0.0.1:0", "-reconnect", "1"));
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

    /** Accepts the next control connection, as Go does: with a keep-alive at the start. */
    Connection accepted() throws Exception {
        return server.control().accept().keepAlive();
    }

    /** A connPath of today's servers that nobody had before. */
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

    /** Proves that this control connection still works, and that all that was sent before has been read. */
    void assertServes(Connection control) throws Exception {
        String path = newPath();
        control.connReady(path);
        Connection data = server.data();
        if (!data.head().target().equals("/api/v1" + path)) {
            throw new AssertionError(
                    "asked for " + path + ", got " + data.head().target());
        }
        data.close();
    }

    /** The next line from the agent, as JSON. */
    static JsonNode line(Connection control) throws IOException {
        return JSON.readTree(control.line());
    }

    /** Fails unless the next line is a pickup-failed for that path; gives its reason. */
    static String pickupFailure(Connection control, String connPath) throws IOException {
        JsonNode line = line(control);
        if (!line.path("command").asText().equals("pickup-failed")
                || !line.path("connPath").asText().equals(connPath)) {
            throw new AssertionError("expected a pickup-failed for " + connPath + ", got " + line);
        }
        return line.path("err").asText();
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
