package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the operator asks of the API server for one and the same event, with few pods and with many. */
@ExtendWith(RealApiServer.class)
class RequestCountIT {

    @Test
    void whatAnEventCostsDoesNotDependOnTheNumberOfPods(RealApiServer.Running server) throws Exception {
        var few = requests(server, 10);
        assertThat(few)
                .isEqualTo(Map.of(
                        "a node is lost", Map.of("patch wolf.helix.ml/wolftunnels/status", 1L),
                        "the spec changes",
                                Map.of("patch apps/daemonsets", 1L, "patch wolf.helix.ml/wolftunnels/status", 1L),
                        "another operator",
                                Map.of(
                                        "list wolf.helix.ml/wolftunnels", 1L,
                                        "list apps/daemonsets", 1L,
                                        "list /serviceaccounts", 1L,
                                        "list /pods", 1L,
                                        "list /secrets", 1L,
                                        "patch /serviceaccounts", 1L,
                                        "patch apps/daemonsets", 1L)));
        assertThat(requests(server, 100)).isEqualTo(few);
    }

    /** By event, how often what was asked for. */
    private static Map<String, Map<String, Long>> requests(RealApiServer.Running server, int pods) throws Exception {
        var requests = new LinkedHashMap<String, Map<String, Long>>();
        try (var agents = new FakeAgent("0.0.0.0", 0).connected("w");
                var trial = new Trial(server).operate()) {
            trial.token("t");
            trial.apply("{agent: {port: %d}}".formatted(agents.port()));
            Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
            for (int i = 1; i <= pods; i++) {
                trial.podRuns("node-" + i, ip(i), true);
            }
            trial.rolledOut(pods, pods);
            Eventually.holds(() -> {
                assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
                assertThat(trial.tunnel().getStatus().tunnels())
                        .extracting(row -> row.wolfId())
                        .containsOnly("w");
                assertThat(agents.timesAsked()).isGreaterThanOrEqualTo(pods);
            });

            trial.settled();
            int before = asked(trial, server).size();
            trial.podSays(
                    "node-2",
                    new PodStatusBuilder(Trial.running(ip(2), true))
                            .editMatchingCondition(
                                    condition -> condition.getType().equals("Ready"))
                            .withStatus("False")
                            .endCondition()
                            .build());
            Eventually.holds(() -> assertThat(trial.row("node-2").reason()).isEqualTo("NodeNotReady"));
            trial.settled();
            requests.put("a node is lost", counted(asked(trial, server), before));

            before = asked(trial, server).size();
            trial.apply("{agent: {port: %d, logLevel: debug}}".formatted(agents.port()));
            Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
            trial.settled();
            requests.put("the spec changes", counted(asked(trial, server), before));

            trial.rolledOut(pods, pods);
            Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("True Connected"));
            trial.operate();
            Eventually.holds(() -> assertThat(trial.operator().looks()).isPositive());
            requests.put("another operator", counted(asked(trial, server), 0));
        }
        return requests;
    }

    private static String ip(int number) {
        return "127.0.1." + number;
    }

    /** Without the questions that a client asks about the API itself. */
    private static List<Audited> asked(Trial trial, RealApiServer.Running server) {
        server.awaitAudit();
        return trial.operator().asked(server).stream()
                .filter(request -> !request.resource().equals("/"))
                .toList();
    }

    private static Map<String, Long> counted(List<Audited> requests, int from) {
        return requests.stream()
                .skip(from)
                .collect(Collectors.groupingBy(Audited::permission, TreeMap::new, Collectors.counting()));
    }
}
