package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "Control connection": binary messages, which may be fragmented, empty or interleaved with pings. */
class ControlFramesIT extends AgentSpec {
    private static final String CONN_READY = "{\"command\":\"conn-ready\",\"connPath\":\"%s\"}\n";

    @Test
    void aMessageMayBeFragmentedWithPingsInBetween() throws Exception {
        Connection control = connected();
        String path = newPath();
        byte[] line = bytes(CONN_READY.formatted(path));
        control.send(Frame.unfinished(Frame.BINARY, new byte[] {line[0]}));
        for (int i = 1; i < line.length - 1; i++) {
            control.send(Frame.unfinished(Frame.CONTINUATION, new byte[] {line[i]}));
            if (i % 20 == 0) {
                control.send(Frame.of(Frame.PING, bytes("in between " + i)));
                assertThat(control.frame(Frame.PONG).text()).isEqualTo("in between " + i);
            }
        }
        control.send(Frame.of(Frame.CONTINUATION, new byte[] {line[line.length - 1]}));
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
    }

    @Test
    void aFrameMayArriveInSingleBytes() throws Exception {
        Connection control = connected();
        String path = newPath();
        for (byte one :
                Frame.of(Frame.BINARY, bytes(CONN_READY.formatted(path))).bytes()) {
            control.raw(new byte[] {one});
        }
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
    }

    @Test
    void messagesAndFragmentsMayBeEmpty() throws Exception {
        Connection control = connected();
        byte[] nothing = {};
        control.binary(nothing).binary(nothing);
        control.send(Frame.unfinished(Frame.BINARY, nothing));
        control.send(Frame.unfinished(Frame.CONTINUATION, bytes("{\"command\":\"keep-")));
        control.send(Frame.unfinished(Frame.CONTINUATION, nothing));
        control.send(Frame.unfinished(Frame.CONTINUATION, bytes("alive\"}\n")));
        control.send(Frame.of(Frame.CONTINUATION, nothing));
        assertServes(control);
    }

    @Test
    void textFramesAreTolerated() throws Exception {
        Connection control = connected();
        String path = newPath();
        control.send(Frame.of(Frame.TEXT, bytes(CONN_READY.formatted(path))));
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
        String line = CONN_READY.formatted(path);
        control.send(Frame.unfinished(Frame.TEXT, bytes(line.substring(0, 30))));
        control.send(Frame.of(Frame.CONTINUATION, bytes(line.substring(30))));
        assertThat(server.data().head().target()).isEqualTo("/api/v1" + path);
        assertServes(control);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125})
    void aPingIsAnsweredWithItsPayload(int length) throws Exception {
        Connection control = connected();
        String payload = "p".repeat(length);
        control.send(Frame.of(Frame.PING, bytes(payload)));
        assertThat(control.frame(Frame.PONG).text()).isEqualTo(payload);
    }

    @Test
    void theNewestOfManyPingsIsAnswered() throws Exception {
        Connection control = connected();
        for (int i = 1; i <= 5000; i++) {
            control.send(Frame.of(Frame.PING, bytes("ping " + i)));
        }
        while (!control.frame(Frame.PONG).text().equals("ping 5000")) {
            // an older one
        }
    }

    @Test
    void aPongThatNobodyAskedForIsIgnored() throws Exception {
        Connection control = connected();
        control.send(Frame.of(Frame.PONG, bytes("unasked")));
        assertServes(control);
    }

    @ParameterizedTest
    @CsvSource({"1000,bye", "1000,''", "1001,going away", "1012,service restart", "1011,'a fault: {\"x\"}'", "4321,own"
    })
    void aCloseFrameIsAnsweredAndTheAgentComesBack(int code, String reason) throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        agent.awaitState("Connected");
        control.send(Frame.close(code, reason));
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(code);
        control.close();
        agent.awaitReason("ConnectionLost");
        assertServes(accepted());
    }

    @Test
    void aDisplacedAgentReportsItAndWaitsBeforeItConnectsAgain() throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        agent.awaitState("Connected");
        control.send(Frame.close(4001, "replaced by another agent with this id"));
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(4001);
        control.close();
        agent.awaitReason("Displaced");
        assertThat(server.hasUntakenHandshake())
                .as("an attempt within the first seconds")
                .isFalse();
    }

    @Test
    void aServerThatHangsAfterItsCloseFrameIsLeft() throws Exception {
        Connection control = connected();
        control.send(Frame.close(1001, "restarting"));
        assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
        assertServes(accepted());
        control.end();
    }

    @Test
    void aCloseFrameWithoutACodeIsAnsweredToo() throws Exception {
        Connection control = connected();
        control.send(Frame.of(Frame.CLOSE, new byte[0]));
        assertThat(control.frame(Frame.CLOSE)).isNotNull();
        control.close();
        assertServes(accepted());
    }

    @Test
    void aBareFinEndsItAndTheAgentComesBack() throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        agent.awaitState("Connected");
        control.fin();
        agent.awaitReason("ConnectionLost");
        assertServes(accepted());
    }

    @Test
    void aResetEndsItAndTheAgentComesBack() throws Exception {
        InProcessAgent agent = start();
        Connection control = accepted();
        agent.awaitState("Connected");
        control.reset();
        agent.awaitReason("ConnectionLost");
        assertServes(accepted());
    }

    @Test
    void aLineThatIsCutByTheEndIsDropped() throws Exception {
        Connection control = connected();
        control.binary(CONN_READY.formatted(newPath()).strip());
        control.fin();
        assertServes(accepted());
    }

    @ParameterizedTest
    @CsvSource({
        "a reserved bit,c2 00",
        "a reserved opcode,83 00",
        "a masked frame,82 81 00 00 00 00 20",
        "a reserved control opcode,8b 00",
        "a fragmented ping,09 00",
        "a ping of 126 bytes,89 7e 00 7e",
        "a continuation of nothing,80 00",
        "a close frame of one byte,88 01 03",
        "a close frame with code 963,88 03 03 c3 41",
        "a close frame with code 1005,88 02 03 ed",
        "a close frame whose reason is no UTF-8,88 03 03 e8 ff",
        "a text that is no UTF-8,81 01 ff",
        "a new message inside another,02 01 20 82 01 20",
        "a length with its top bit set,82 7f ff ff ff ff ff ff ff ff"
    })
    void whatIsNoWebSocketFrameEndsTheConnection(String what, String hex) throws Exception {
        Connection control = connected();
        control.raw(unhex(hex));
        control.raw(new byte[256]);
        control.end();
        assertServes(accepted());
    }

    static byte[] unhex(String hex) {
        return HexFormat.ofDelimiter(" ").parseHex(hex);
    }
}
