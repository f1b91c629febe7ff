package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.conformance.peer.ScriptedWolf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contract, section 2: the agent's log lines about one stream carry its dial, and the traceparent of its request. */
class StreamLogIT extends AgentSpec {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @TempDir
    Path folder;

    @Test
    void linesAboutAStreamSayWhichDialAndTrace() throws Exception {
        String address = wolf.address();
        try (AgentProcess agent = AgentProcess.start(
                folder,
                Map.of("RUNNER_TOKEN", TOKEN),
                List.of("-api-url", "http://" + server.authority(), "-wolf-id", "gpu-1", "-local", address))) {
            Connection control = accepted();
            String dial = hex();
            control.connReady("/revdial?revdial.dialer=" + hex() + "&revdial.req=" + dial);
            Connection data = server.data().accept().binary("GET / HTTP/1.1\r\ntraceparent: " + TRACE + "\r\n\r\n");
            ScriptedWolf.Stream atWolf = wolf.next();
            while (atWolf.read(1).length == 0) { // a probe
                atWolf = wolf.next();
            }
            Flood.bytesUntilClosed(data, Frame.of(Frame.PING, new byte[0]).bytes());
            data.close();

            wolf.close();
            String failed = hex();
            control.connReady("/revdial?revdial.dialer=" + hex() + "&revdial.req=" + failed);
            assertThat(JSON.readTree(control.line()).path("command").asText()).isEqualTo("pickup-failed");

            assertThat(agent.process.output().lines().filter(line -> line.contains("A data connection is closed")))
                    .singleElement()
                    .asString()
                    .endsWith(" dial=" + dial + " traceparent=" + TRACE);
            assertThat(agent.process.output().lines().filter(line -> line.contains("Pickup failed")))
                    .singleElement()
                    .asString()
                    .endsWith(" dial=" + failed);
        }
    }
}
