package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** docs/protocol.md, "Asked to reconnect": another control connection is opened first, then the older one is let go. */
class ReconnectIT extends AgentSpec {
    private static final String RECONNECT = "{\"command\":\"reconnect\"}\n";

    private InProcessAgent agent;
    private Connection older;

    @BeforeEach
    void connect() throws Exception {
        agent = start();
        older = accepted();
        agent.awaitState("Connected");
    }

    @Test
    void theNewerConnectionIsUpBeforeTheOlderIsClosedAndNothingIsLost() throws Exception {
        StreamEnds running = openStream(older);
        older.binary(RECONNECT + RECONNECT + RECONNECT);
        Connection newer = server.control();
        assertThat(newer.head().target()).isEqualTo(older.head().target());
        assertThat(newer.head().header("Authorization")).isEqualTo(older.head().header("Authorization"));
        assertThat(newer.head().header("Wolf-Agent-Instance"))
                .isPresent()
                .isEqualTo(older.head().header("Wolf-Agent-Instance"));
        assertServes(older); // the newer one isn't accepted yet
        String slowPath = newPath();
        older.connReady(slowPath);
        Connection slow = server.data();
        newer.accept().keepAlive();
        assertServes(newer);
        slow.answer(503);
        JsonNode failure = line(older);
        while (!failure.path("connPath").asText().equals(slowPath)) {
            failure = line(older);
        }
        assertThat(failure.path("err").asText()).contains("503");
        assertThat(older.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
        older.send(Frame.close(1001, ""));
        older.end();

        running.atServer().binary("runs on");
        assertThat(running.atWolf().read(7)).isEqualTo(bytes("runs on"));
        running.atWolf().write(bytes("both ways"));
        assertThat(running.atServer().read(9)).isEqualTo(bytes("both ways"));
        JsonNode status = agent.status();
        assertThat(status.path("state").asText()).isEqualTo("Connected");
        assertThat(status.path("connects").asInt()).isEqualTo(2);
        assertThat(status.path("lastError").isNull()).isTrue();
        assertThat(server.hasUntakenHandshake())
                .as("several reconnects are one")
                .isFalse();
    }

    @Test
    void eachConnReadyOnEitherConnectionIsPickedUp() throws Exception {
        wolf.echoing();
        older.binary(RECONNECT);
        Connection newer = accepted();
        Set<String> asked = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            for (Connection control : List.of(older, newer)) {
                String path = newPath();
                control.connReady(path);
                asked.add("/api/v1" + path);
            }
        }
        Set<String> pickedUp = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            Connection data = server.data().accept();
            pickedUp.add(data.head().target());
            data.binary("x");
            assertThat(data.read(1)).isEqualTo(bytes("x"));
            data.close();
        }
        assertThat(pickedUp).isEqualTo(asked);
    }

    @Test
    void ifTheNewerConnectionIsRefusedTheOlderStays() throws Exception {
        older.binary(RECONNECT);
        server.control().answer(503);
        assertServes(older);
        JsonNode status = agent.status();
        assertThat(status.path("state").asText()).isEqualTo("Connected");
        assertThat(status.path("connects").asInt()).isEqualTo(1);
        assertThat(status.path("lastError").isNull()).isTrue();
        assertThat(agent.readyz()).isEqualTo(200);
    }
}
