package ml.helix.wolf.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.fabric8.kubernetes.api.model.Condition;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.Obstacle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatusSizeTest {
    private static final int LIMIT = 64 * 1024;
    private static final Instant NOW = Instant.parse("2026-02-02T12:00:00Z");
    private static final String LONGEST_NAME = "n".repeat(253);
    private static final String ENDLESS = "<".repeat(100_000);

    @ParameterizedTest
    @ValueSource(strings = {"a", "\"", "<", "é", "…", "😀", "\u2028", "\u0001", "\ud800"})
    void statusOfThousandsOfAgentsWithTheLongestTextsIsBelowTheLimit(String character) throws Exception {
        var scene = Scene.nodes(5_000).obstacle(new Obstacle.ApplyRefused(character.repeat(100_000)));
        IntStream.range(0, 1_000)
                .forEach(i -> scene.add(pod(i), new AgentAnswer.Reported(failing(character.repeat(5_000)))));
        var status = Status.of(scene.observed(), null, NOW);
        assertThat(WireSize.of(status)).isLessThan(LIMIT);
        assertThat(printed(status)).isLessThan(LIMIT);
        assertThat(status.tunnels().size()).isGreaterThan(5);
        assertThat(status.omittedTunnels()).isEqualTo(1_000 - status.tunnels().size());
    }

    /** With entries of every length: the largest list may be many short or a few long ones. The conditions are full. */
    @Test
    void worstCaseIsBelowTheLimit() throws Exception {
        int worstSent = 0;
        int worstPrinted = 0;
        for (int length = 0; length <= 256; length += 16) {
            var message = "<".repeat(length / 4) + "x".repeat(length - length / 4);
            for (int nameLength : new int[] {1, 60, 253}) {
                var status = new WolfTunnelStatus(
                        Long.MAX_VALUE,
                        Integer.MAX_VALUE,
                        Integer.MAX_VALUE,
                        Integer.MAX_VALUE,
                        Integer.MAX_VALUE + "/" + Integer.MAX_VALUE + " connected",
                        Integer.MAX_VALUE + "/" + Integer.MAX_VALUE + " reachable, " + Integer.MAX_VALUE + " unhealthy",
                        NOW.toString(),
                        conditions(),
                        entries(message, nameLength),
                        Integer.MAX_VALUE);
                worstSent = Math.max(worstSent, WireSize.of(status));
                worstPrinted = Math.max(worstPrinted, printed(status));
            }
        }
        assertThat(worstSent).isBetween(TunnelList.MAX_BYTES + 7 * 1_024, LIMIT - 1);
        assertThat(worstPrinted).isBetween(worstSent, LIMIT - 1);
    }

    @Test
    void ordinaryFailureOf64NodesIsListedWhole() {
        var scene = Scene.nodes(100);
        IntStream.range(0, 100)
                .forEach(
                        i -> scene.failing(
                                "gpu-node-%05d.zone-b.example.internal".formatted(i),
                                "TlsFailure",
                                "the certificate of helix.example.com:443 is not trusted: unable to find valid certification path"));
        assertThat(Status.of(scene.observed(), null, NOW).tunnels()).hasSize(64);
    }

    @Test
    void sizeIsCountedAsGoWritesJson() {
        assertThat(WireSize.of("a")).isEqualTo(3);
        assertThat(WireSize.of("\"\\")).isEqualTo(6);
        assertThat(WireSize.of("<>&")).isEqualTo(20);
        assertThat(WireSize.of("\u2028")).isEqualTo(8);
        assertThat(WireSize.of("é😀")).isEqualTo(8);
    }

    private static List<TunnelStatus> entries(String message, int nameLength) {
        var name = "n".repeat(nameLength);
        var cause = Optional.of(new Cause("R".repeat(64), message));
        var report = Optional.of(report("w", name, "", name));
        var verdicts = IntStream.range(0, 64)
                .mapToObj(i -> Verdict.ofRunningAgent(pod(i, name), TunnelState.Disconnected, cause, report))
                .toList();
        return TunnelList.of(verdicts, new LastStatus(null), NOW);
    }

    private static List<Condition> conditions() {
        var cause = new Cause("R".repeat(64), "x".repeat(10_000));
        return Stream.of(ConditionType.values())
                .map(type -> new UndatedCondition(type, UndatedCondition.Status.Unknown, cause)
                        .dated(NOW.toString(), Long.MAX_VALUE))
                .toList();
    }

    private static AgentPod pod(int i) {
        return pod(i, LONGEST_NAME);
    }

    private static AgentPod pod(int i, String name) {
        var given = Scene.pod(name, false, false, "", Scene.running("agent"));
        return new AgentPod(
                name,
                "uid-" + i,
                given.ownerUid(),
                name.substring(Math.min(name.length(), String.valueOf(i).length())) + i,
                given.ip(),
                given.port(),
                given.created(),
                given.templateGeneration(),
                false,
                false,
                false,
                "",
                false,
                given.containers());
    }

    private static AgentReport failing(String words) {
        return report(words, words, words, ENDLESS);
    }

    private static AgentReport report(String wolfId, String version, String message, String tokenSince) {
        return new AgentReport(
                "Disconnected",
                ENDLESS,
                wolfId,
                Optional.of(false),
                Optional.of(false),
                message,
                Optional.of(Long.MAX_VALUE),
                Optional.of(new AgentReport.Failure("ConnectFailure", message)),
                version,
                Optional.of(new AgentReport.Token(tokenSince, true)),
                List.of());
    }

    /** As {@code kubectl get -o json} prints it. */
    private static int printed(WolfTunnelStatus status) throws Exception {
        var indented = new DefaultIndenter("    ", "\n");
        var writer = WireSize.GO.writer(
                new DefaultPrettyPrinter().withObjectIndenter(indented).withArrayIndenter(indented));
        var whole = writer.writeValueAsString(Map.of("status", status));
        return whole.getBytes(StandardCharsets.UTF_8).length;
    }
}
