package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.testkit.ProgramProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contract, section 2: the control plane's log lines about one stream carry its dial, and the traceparent of its request. */
class StreamLogIT {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @TempDir
    Path folder;

    @Test
    void linesAboutAStreamAndTheAuditLineSayWhichDialAndTrace() throws Exception {
        Map<String, String> environment = Map.of(
                "RUNNER_TOKEN",
                TestControlPlane.RUNNER_TOKEN,
                "ADMIN_TOKEN",
                TestControlPlane.ADMIN_TOKEN,
                "CONTROL_PLANE_STORE",
                "jdbc:h2:mem:stream-log");
        try (var program = ProgramProcess.start(Main.class, folder, environment, "-listen=127.0.0.1:0", "-pool=0")) {
            Pattern serving = Pattern.compile("Serving HTTP on port (\\d+)\\R");
            eventually("it serves", () -> serving.matcher(program.output()).find());
            Matcher port = serving.matcher(program.output());
            assertThat(port.find()).isTrue();
            int number = Integer.parseInt(port.group(1));
            try (var _ = TestAgent.connect(number, "wolf-1", StreamLogIT::floods);
                    var client = HttpClient.newHttpClient()) {
                client.send(
                        HttpRequest.newBuilder(URI.create(
                                        "http://127.0.0.1:" + number + TestControlPlane.proxied("wolf-1", "/x")))
                                .header("Authorization", "Bearer " + TestControlPlane.ADMIN_TOKEN)
                                .header("traceparent", TRACE)
                                .build(),
                        BodyHandlers.discarding());
            }
            Pattern closed = Pattern.compile(
                    "A data connection is closed: [^\n]* dial=([0-9a-f]{32}) traceparent=" + TRACE + "\\R");
            eventually("the line", () -> closed.matcher(program.output()).find());
            Matcher line = closed.matcher(program.output());
            assertThat(line.find()).isTrue();
            String audited = "\"dial\":\"" + line.group(1) + "\"";
            eventually("the audit line", () -> program.output().contains(audited));
        }
    }

    /** Takes the request, and sends more frames that carry nothing than it may. */
    private static void floods(TestAgent agent, String connPath) throws IOException {
        try (RawWebSocket data = agent.pickUp("/api/v1" + connPath)) {
            data.next();
            while (true) {
                data.send(RawWebSocket.PING, true, new byte[0]);
            }
        } catch (IOException e) {
            // closed
        }
    }
}
