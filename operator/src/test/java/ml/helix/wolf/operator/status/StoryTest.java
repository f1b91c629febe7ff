package ml.helix.wolf.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import org.junit.jupiter.api.Test;

class StoryTest {
    private static final TunnelStatus UP = tunnel("node-1", "Connected", null);
    private static final TunnelStatus DOWN = tunnel("node-1", "Disconnected", "ConnectFailure");
    private static final TunnelStatus STARTING = tunnel("node-1", "Pending", "PodStarting");

    @Test
    void theFirstReasonOfReadyIsTold() {
        assertThat(told(null, status("RollingOut"))).containsExactly("Normal RollingOut Ready is False: m");
    }

    @Test
    void theSameReasonWithAnotherMessageIsNotTold() {
        var before = status("ConnectFailure", DOWN);
        var now = status("ConnectFailure", DOWN, tunnel("node-2", "Connected", null));
        assertThat(told(before, now)).isEmpty();
    }

    @Test
    void whatSomebodyMayHaveToActOnIsAWarning() {
        assertThat(told(status("Connected"), status("Unauthorized")))
                .containsExactly("Warning Unauthorized Ready is False: m");
        assertThat(told(status("Unauthorized"), status("Connected")))
                .containsExactly("Normal Connected Ready is True: m");
    }

    @Test
    void aNodeThatFallsOutAndComesBackIsToldOnceEach() {
        assertThat(told(status("Connected", UP), status("Connected", DOWN)))
                .containsExactly("Warning ConnectFailure node-1: why");
        assertThat(told(status("Connected", DOWN), status("Connected", DOWN))).isEmpty();
        assertThat(told(status("Connected", DOWN), status("Connected", UP)))
                .containsExactly("Normal Connected node-1: the tunnel is up again");
    }

    @Test
    void aNodeWhosePodIsReplacedInARolloutIsNotTold() {
        assertThat(told(status("Connected", UP), status("Connected", STARTING))).isEmpty();
        assertThat(told(status("Connected", STARTING), status("Connected", UP))).isEmpty();
    }

    @Test
    void aNodeThatComesBackWithANewPodIsTold() {
        var out = Story.before(status("Connected", DOWN));
        var starting = out.next(status("Connected", DOWN), status("Connected", STARTING));
        assertThat(starting.chapters()).isEmpty();
        var gone = starting.next(status("Connected", STARTING), status("Connected"));
        assertThat(gone.chapters()).isEmpty();
        assertThat(gone.next(status("Connected"), status("Connected", UP)).chapters())
                .extracting(Story.Chapter::note)
                .containsExactly("node-1: the tunnel is up again");
    }

    @Test
    void aWolfThatIsDownIsNoNodeThatFellOut() {
        assertThat(told(status("Connected", UP), status("Connected", tunnel("node-1", "Connected", "WolfUnreachable"))))
                .isEmpty();
    }

    @Test
    void aNodeThatTheListLeavesOutIsUpIfTheListEndsWithOneThatIs() {
        var before = status("Connected", DOWN);
        var now = withOmitted(status("Connected", tunnel("node-2", "Connected", null)));
        assertThat(told(before, now)).containsExactly("Normal Connected node-1: the tunnel is up again");
        assertThat(told(before, withOmitted(status("Connected", tunnel("node-2", "Disconnected", "ConnectFailure")))))
                .containsExactly("Warning ConnectFailure node-2: why");
    }

    @Test
    void theNodesThatAreOutAreBounded() {
        var story = Story.before(null);
        var before = status("Connected");
        for (int round = 0; round < 20; round++) {
            int first = round * 64;
            var now = status(
                    "Connected",
                    IntStream.range(first, first + 64)
                            .mapToObj(i -> tunnel("node-" + i, "Disconnected", "ConnectFailure"))
                            .toArray(TunnelStatus[]::new));
            story = story.next(before, now);
            before = now;
        }
        assertThat(story.out()).hasSize(256);
    }

    private static List<String> told(WolfTunnelStatus before, WolfTunnelStatus now) {
        return Story.before(before).next(before, now).chapters().stream()
                .map(chapter -> (chapter.warning() ? "Warning " : "Normal ") + chapter.reason() + " " + chapter.note())
                .toList();
    }

    private static TunnelStatus tunnel(String node, String state, String reason) {
        return new TunnelStatus(
                node, "pod-" + node, null, state, reason, reason == null ? null : "why", null, null, null, null);
    }

    private static WolfTunnelStatus status(String reason, TunnelStatus... tunnels) {
        var ready = new ConditionBuilder()
                .withType("Ready")
                .withStatus(reason.equals("Connected") ? "True" : "False")
                .withReason(reason)
                .withMessage("m")
                .build();
        return new WolfTunnelStatus(
                1L, 1, 1, 1, "", null, null, List.of(ready), Stream.of(tunnels).toList(), 0);
    }

    private static WolfTunnelStatus withOmitted(WolfTunnelStatus status) {
        return new WolfTunnelStatus(1L, 1, 1, 1, "", null, null, status.conditions(), status.tunnels(), 7);
    }
}
