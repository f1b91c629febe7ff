package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the Events on a WolfTunnel and the operator's gauges tell of it. */
@ExtendWith(RealApiServer.class)
class StoryIT {
    private static final String IP = "127.0.0.41";

    private RealApiServer.Running server;
    private Testbed testbed;
    private FakeAgent agent;

    @BeforeEach
    void setUp(RealApiServer.Running running) throws Exception {
        server = running;
        testbed = new Testbed(running);
        agent = new FakeAgent(IP, 0).connected("a1");
        testbed.token("t");
        testbed.operate(testbed.setup().pollingFast());
        testbed.bringUp(agent, IP);
    }

    @AfterEach
    void tearDown() throws Exception {
        testbed.close();
        agent.close();
    }

    @Test
    void kubectlDescribeTellsWhatHappened(@TempDir Path folder) throws Exception {
        nodeFallsOutAndComesBack();
        Eventually.holds(() -> assertThat(events())
                .extracting(Event::getReason)
                .startsWith("RollingOut")
                .endsWith("ConnectFailure", "ConnectFailure", "Connected", "Connected"));
        assertThat(events()).extracting(Event::getNote).contains("node-1: refused", "node-1: the tunnel is up again");
        assertThat(events()).extracting(Event::getType).contains("Normal", "Warning");

        var described =
                new Kubectl(server, folder).run("", "-n", testbed.namespace, "describe", "wolftunnel", Testbed.NAME);
        assertThat(described.substring(described.indexOf("Events:")))
                .contains("Warning  ConnectFailure", "node-1: refused", "node-1: the tunnel is up again");

        int told = events().size();
        testbed.awaitIdle();
        assertThat(events()).as("a pass that changes nothing tells nothing").hasSize(told);
        testbed.operate();
        testbed.awaitIdle();
        assertThat(events()).as("nor does a new operator").hasSize(told);
    }

    @Test
    void wideColumnsShowTheCapacityOfEachWolf(@TempDir Path folder) throws Exception {
        var kubectl = new Kubectl(server, folder);
        testbed.apply("{agent: {port: %d}, wolf: {maxSessions: 8}}".formatted(agent.port()));
        var wide = kubectl.run("", "-n", testbed.namespace, "get", "wt", "-o", "wide")
                .lines()
                .toList();
        assertThat(wide.getFirst().split(" +"))
                .containsExactly("NAME", "READY", "CONNECTED", "WOLF", "REASON", "SESSIONS", "URL", "AGE");
        assertThat(wide.getLast()).contains("  8  ", "  https://helix.example.com  ");
        assertThat(kubectl.run("", "-n", testbed.namespace, "get", "wt")).doesNotContain("SESSIONS");
    }

    @Test
    void columnUrlShowsEachOfSeveralControlPlanesAndTheAgentsGetThem(@TempDir Path folder) throws Exception {
        testbed.apply(
                "{agent: {port: %d}, controlPlane: {urls: ['https://old', 'https://new']}}".formatted(agent.port()));
        assertThat(new Kubectl(server, folder).run("", "-n", testbed.namespace, "get", "wt", "-o", "wide"))
                .contains("  [\"https://old\",\"https://new\"]  ");
        Eventually.holds(() -> assertThat(testbed.daemonSet()
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getEnv())
                .extracting(EnvVar::getName, EnvVar::getValue)
                .contains(tuple("HELIX_API_URL", "https://old,https://new")));
    }

    @Test
    void gaugesFollowTheStatusAndGoWithTheWolfTunnel() throws Exception {
        var labels = "{name=\"gpu-nodes\",namespace=\"%s\"".formatted(testbed.namespace);
        Eventually.holds(() -> assertThat(testbed.operator().gauges("wolf_tunnel_"))
                .noneMatch(line -> line.startsWith("wolf_tunnel_unhealthy"))
                .contains(
                        "wolf_tunnel_ready" + labels + "} 1",
                        "wolf_tunnel_nodes" + labels + ",state=\"desired\"} 1",
                        "wolf_tunnel_nodes" + labels + ",state=\"updated\"} 1",
                        "wolf_tunnel_nodes" + labels + ",state=\"connected\"} 1",
                        "wolf_tunnel_condition" + labels + ",reason=\"Connected\",status=\"True\",type=\"Ready\"} 1"));
        agent.failing("ConnectFailure", "refused");
        testbed.podSays("node-1", Testbed.running(IP, false));
        Eventually.holds(() -> assertThat(testbed.operator().gauges("wolf_tunnel_"))
                .contains(
                        "wolf_tunnel_ready" + labels + "} 0",
                        "wolf_tunnel_nodes" + labels + ",state=\"connected\"} 0",
                        "wolf_tunnel_unhealthy" + labels
                                + ",node=\"node-1\",reason=\"ConnectFailure\",state=\"Disconnected\"} 1",
                        "wolf_tunnel_condition" + labels
                                + ",reason=\"ConnectFailure\",status=\"False\",type=\"Ready\"} 1")
                .filteredOn(line -> line.contains("type=\"Ready\""))
                .hasSize(1));
        testbed.delete();
        Eventually.holds(
                () -> assertThat(testbed.operator().gauges("wolf_tunnel_")).isEmpty());
    }

    private void nodeFallsOutAndComesBack() throws Exception {
        agent.failing("ConnectFailure", "refused");
        testbed.podSays("node-1", Testbed.running(IP, false));
        testbed.awaitCondition("Ready", "False ConnectFailure");
        agent.connected("a1");
        testbed.podSays("node-1", Testbed.running(IP, true));
        testbed.awaitUp();
    }

    /** In the order of their times. */
    private List<Event> events() {
        return testbed.admin.events().v1().events().inNamespace(testbed.namespace).list().getItems().stream()
                .filter(event -> Testbed.NAME.equals(event.getRegarding().getName()))
                .sorted((one, other) -> one.getEventTime()
                        .getTime()
                        .compareTo(other.getEventTime().getTime()))
                .toList();
    }
}
