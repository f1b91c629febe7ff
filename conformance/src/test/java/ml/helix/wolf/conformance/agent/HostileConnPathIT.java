package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract, section 1, data connections: the token never goes anywhere else. Each path tries to lead it to another
 * server, which must hear nothing, or out of the request line.
 */
class HostileConnPathIT extends AgentSpec {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//TRAP/revdial",
                "///TRAP/revdial",
                "http://TRAP/revdial",
                "https://TRAP/revdial",
                "ws://TRAP/revdial",
                "HTTP://TRAP/revdial",
                "@TRAP/revdial",
                ":1@TRAP/revdial",
                ".TRAP/revdial",
                "TRAP/revdial",
                "revdial?revdial.dialer=1",
                "\\\\\\\\TRAP/revdial",
                "/\\\\TRAP/revdial",
                "\\\\/TRAP/revdial",
                " //TRAP/revdial",
                "\\t//TRAP/revdial",
                "",
                "?revdial.dialer=1",
                "#revdial"
            })
    void whatNamesAnotherOriginIsRefusedAndNothingLeavesForIt(String connPath) throws Exception {
        try (ScriptedServer trap = ScriptedServer.onLoopback()) {
            refused(connPath.replace("TRAP", trap.authority()));
            assertThat(trap.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../revdial",
                "/revdial/../../admin",
                "/./revdial",
                "/..;/revdial",
                "/%2e%2e/revdial",
                "/%2E./revdial",
                "/revdial/..%2f..%2fadmin",
                "/revdial/..%5c..%5cadmin",
                "/revdial?a=b HTTP/1.1\\r\\nHost: elsewhere\\r\\nX: ",
                "/revdial\\r\\nX-Injected: 1",
                "/revdial\\nX-Injected: 1",
                "/revdial\\rX-Injected: 1",
                "/revdial\\u0000",
                "/revdial\\u007f",
                "/revdial\\u00a0x",
                "/revdial\\u2028x",
                "/rev dial",
                "/revdial?a= b",
                "/revdial\\tx",
                "/revdial#fragment",
                "/revdial\\\\x",
                "/r\\u00e9vdial",
                "/revdial?w=\\ud83d\\udc3a",
                "/revdial%",
                "/revdial%2",
                "/revdial%zz"
            })
    void whatIsNoPlainPathIsRefused(String connPath) throws Exception {
        refused(connPath);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/revdial.evil/x?revdial.dialer=1", "/other?revdial.dialer=1", "/?revdial.dialer=1"})
    void aPlainPathOfAnyNameStaysWithTheSameServer(String connPath) throws Exception {
        Connection control = connected();
        control.connReady(connPath);
        Connection data = server.data();
        assertThat(data.head().header("Host")).hasValue(server.authority());
        data.answer(404);
        failure(control, connPath);
    }

    @Test
    void aHundredHostilePathsOfOneMessageAreEachAnswered() throws Exception {
        Connection control = connected();
        control.binary("{\"command\":\"conn-ready\",\"connPath\":\"//127.0.0.1/\"}\n".repeat(100));
        for (int i = 0; i < 100; i++) {
            failure(control, "//127.0.0.1/");
        }
        stillServes(control);
    }

    /** @param json the path as it stands in the line, between the quotes */
    private void refused(String json) throws Exception {
        Connection control = connected();
        control.line("{\"command\":\"conn-ready\",\"connPath\":\"" + json + "\"}");
        String path = JSON.readTree("\"" + json + "\"").asText();
        assertThat(failure(control, path)).isNotBlank().doesNotContain(TOKEN);
        int before = server.accepted();
        stillServes(control);
        assertThat(server.accepted()).isEqualTo(before + 1);
    }
}
