package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.ControlEnd;
import ml.helix.wolf.revdial.RemoteAgent;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

/** Without a database: rows as it would tell them. */
class TunnelMapTest {
    private static final String ID = "wolf-1";
    private static final RemoteAgent AGENT = new RemoteAgent("", "192.0.2.1", 1);

    private final ManualScheduler timers = new ManualScheduler();
    private final ConnectionManager connections =
            new ConnectionManager(Duration.ofSeconds(30), Duration.ofSeconds(30), timers, timers::nanoTime);
    private final List<String> asked = new ArrayList<>();
    private final TunnelMap map = new TunnelMap(
            "aaaaaaaa", connections, (replica, runner, generation, path) -> asked.add(replica + " " + generation));

    private static TunnelRow row(String replica, long generation) {
        return new TunnelRow(ID, replica, generation, "192.0.2.1");
    }

    private static TunnelRow lost(long generation) {
        return new TunnelRow(ID, null, generation, "192.0.2.1");
    }

    private void connected(long generation) {
        map.local(new RunnerEvent.Connected(ID, AGENT, Instant.EPOCH.plusNanos(generation * 1000)));
    }

    private String state() {
        return connections
                .runner(ID)
                .map(state -> state.connected() ? "connected" : state.inGracePeriod() ? "grace" : "gone")
                .orElse("gone");
    }

    @Test
    void aRunnerOfAReplicaThatAnswersIsDialledThere() {
        map.reachability("bbbbbbbb", () -> true);
        map.changed(List.of(row("bbbbbbbb", 5)));
        assertThat(state()).isEqualTo("connected");
        assertThat(map.holder(ID)).contains("bbbbbbbb");
        connections.dials().start(ID);
        assertThat(asked).containsExactly("bbbbbbbb 5");
    }

    @Test
    void aRunnerWhoseReplicaDoesNotAnswerIsInGraceUntilItDoes() {
        map.reachability("bbbbbbbb", () -> true);
        map.changed(List.of(row("bbbbbbbb", 5)));
        map.reachability("bbbbbbbb", () -> false);
        assertThat(state()).isEqualTo("grace");
        connections.dials().start(ID);
        assertThat(asked).isEmpty();
        map.reachability("bbbbbbbb", () -> true);
        assertThat(asked).containsExactly("bbbbbbbb 5");
    }

    @Test
    void theNewestGenerationWinsInAnyOrder() {
        map.reachability("bbbbbbbb", () -> true);
        map.reachability("cccccccc", () -> true);
        map.changed(List.of(row("cccccccc", 6), row("bbbbbbbb", 5)));
        assertThat(map.holder(ID)).contains("cccccccc");
        map.changed(List.of(lost(5)));
        assertThat(state()).as("an older loss").isEqualTo("connected");
        map.changed(List.of(lost(6)));
        assertThat(state()).isEqualTo("grace");
    }

    @Test
    void whatIsHeldHereIsWrittenOnceAndAgainOnlyIfTheDatabaseForgot() {
        connected(5);
        List<TunnelRow> first = map.unwritten();
        assertThat(first).containsExactly(row("aaaaaaaa", 5));
        map.written(first);
        assertThat(map.unwritten()).isEmpty();
        map.writeAllAgain();
        assertThat(map.unwritten()).containsExactly(row("aaaaaaaa", 5));
        map.local(new RunnerEvent.Lost(ID, AGENT, Instant.EPOCH, new ControlEnd(ControlEnd.Cause.CLOSED, "gone")));
        assertThat(map.unwritten()).containsExactly(lost(5));
        map.written(first);
        assertThat(map.unwritten()).as("it has changed since").containsExactly(lost(5));
    }

    @Test
    void aNewerRowElsewhereDisplacesAndAnOlderOneDoesNot() {
        map.reachability("bbbbbbbb", () -> true);
        connected(5);
        map.changed(List.of(row("bbbbbbbb", 4)));
        assertThat(map.counts()).isEqualTo(Map.of("aaaaaaaa", 1));
        map.changed(List.of(row("bbbbbbbb", 6)));
        assertThat(map.counts()).isEqualTo(Map.of("aaaaaaaa", 0, "bbbbbbbb", 1));
        assertThat(map.unwritten()).isEmpty();
        connected(5);
        assertThat(map.held()).as("an event that came late").isEmpty();
    }

    @Test
    void aReplicaThatIsGoneLosesItsRunnersAndAnAnswerOfAnOldGenerationNothing() {
        map.reachability("bbbbbbbb", () -> true);
        map.changed(List.of(row("bbbbbbbb", 5)));
        map.notHeld("bbbbbbbb", ID, 4);
        assertThat(state()).isEqualTo("connected");
        map.notHeld("bbbbbbbb", ID, 5);
        assertThat(state()).isEqualTo("grace");
        map.changed(List.of(row("bbbbbbbb", 7)));
        assertThat(state()).isEqualTo("connected");
        map.gone("bbbbbbbb");
        assertThat(state()).isEqualTo("grace");
        map.all(List.of(row("bbbbbbbb", 7)));
        assertThat(state()).as("its replica can't be reached").isEqualTo("grace");
        map.reachability("bbbbbbbb", () -> true);
        assertThat(state()).isEqualTo("connected");
        map.all(List.of());
        assertThat(state()).isEqualTo("grace");
    }
}
