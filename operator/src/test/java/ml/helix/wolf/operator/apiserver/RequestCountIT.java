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

/** The operator's requests to the API server for the same events, with few pods and with many. */
@ExtendWith(RealApiServer.class)
class RequestCountIT {

    @Test
    void requestsPerEventDoNotDependOnTheNumberOfPods(RealApiServer.Running server) throws Exception {
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

    /** By event, the requests and their number. */
    private static Map<String, Map<String, Long>> requests(RealApiServer.Running server, int pods) throws Exception {
        var requests = new LinkedHashMap<String, Map<String, Long>>();
        try (var agents = new FakeAgent("0.0.0.0", 0).connected("w");
                var testbed = new Testbed(server).operate()) {
            testbed.token("t");
            testbed.apply("{agent: {port: %d}}".formatted(agents.port()));
            testbed.awaitDaemonSet();
            for (int i = 1; i <= pods; i++) {
                testbed.podRuns("node-" + i, ip(i), true);
            }
            testbed.rolledOut(pods, pods);
            Eventually.holds(() -> {
                assertThat(testbed.statusAndReason("Ready")).isEqualTo("True Connected");
                assertThat(testbed.resource().getStatus().tunnels())
                        .extracting(row -> row.wolfId())
                        .containsOnly("w");
                assertThat(agents.polls()).isGreaterThanOrEqualTo(pods);
            });

            testbed.awaitIdle();
            int before = requests(testbed, server).size();
            testbed.podSays(
                    "node-2",
                    new PodStatusBuilder(Testbed.running(ip(2), true))
                            .editMatchingCondition(
                                    condition -> condition.getType().equals("Ready"))
                            .withStatus("False")
                            .endCondition()
                            .build());
            Eventually.holds(() -> assertThat(testbed.tunnel("node-2").reason()).isEqualTo("NodeNotReady"));
            testbed.awaitIdle();
            requests.put("a node is lost", counted(requests(testbed, server), before));

            before = requests(testbed, server).size();
            testbed.apply("{agent: {port: %d, logLevel: debug}}".formatted(agents.port()));
            testbed.awaitCondition("Ready", "False RollingOut");
            testbed.awaitIdle();
            requests.put("the spec changes", counted(requests(testbed, server), before));

            testbed.rolledOut(pods, pods);
            testbed.awaitCondition("Ready", "True Connected");
            testbed.operate();
            Eventually.holds(() -> assertThat(testbed.operator().passes()).isPositive());
            requests.put("another operator", counted(requests(testbed, server), 0));
        }
        return requests;
    }

    private static String ip(int number) {
        return "127.0.1." + number;
    }

    /** Without a client's requests about the API itself. */
    private static List<AuditedRequest> requests(Testbed testbed, RealApiServer.Running server) {
        server.awaitAudit();
        return testbed.operator().requests(server).stream()
                .filter(request -> !request.resource().equals("/"))
                .toList();
    }

    private static Map<String, Long> counted(List<AuditedRequest> requests, int from) {
        return requests.stream()
                .skip(from)
                .collect(Collectors.groupingBy(AuditedRequest::permission, TreeMap::new, Collectors.counting()));
    }
}
