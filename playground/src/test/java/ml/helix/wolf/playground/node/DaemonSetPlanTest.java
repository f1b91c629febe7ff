package ml.helix.wolf.playground.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DaemonSetPlanTest {
    private static final SimulatedNode GPU_1 = node("gpu-1", Map.of("gpu", "yes"));
    private static final SimulatedNode GPU_2 = node("gpu-2", Map.of("gpu", "yes"));
    private static final SimulatedNode CPU = node("cpu", Map.of());
    private static final List<SimulatedNode> NODES = List.of(GPU_1, GPU_2, CPU);

    @Test
    void everyNodeThatFitsGetsOnePod() {
        DaemonSetPlan plan = DaemonSetPlan.of(set("nodeSelector: {gpu: 'yes'}"), NODES, List.of());

        assertThat(plan.create()).containsExactly(GPU_1, GPU_2);
        assertThat(plan.delete()).isEmpty();
        assertThat(plan.status().getDesiredNumberScheduled()).isEqualTo(2);
        assertThat(plan.status().getCurrentNumberScheduled()).isZero();
        assertThat(plan.status().getObservedGeneration()).isEqualTo(3);
    }

    @Test
    void whatRunsWhereItNoLongerFitsIsDeleted() {
        DaemonSet set = set("nodeSelector: {gpu: 'yes'}");
        Pod stray = pod(set, "cpu", true, "");

        assertThat(DaemonSetPlan.of(set, NODES, List.of(stray)).delete()).containsExactly(stray);
    }

    @Test
    void aNodesNextPodWaitsForItsTerminatingOne() {
        DaemonSet set = set("");
        Pod ending = pod(set, "gpu-1", true, "deletionTimestamp: '2026-11-21T12:00:00Z'");

        DaemonSetPlan plan = DaemonSetPlan.of(set, List.of(GPU_1), List.of(ending));

        assertThat(plan.create()).isEmpty();
        assertThat(plan.delete()).isEmpty();
        assertThat(plan.status().getCurrentNumberScheduled()).isZero();
    }

    @Test
    void outdatedPodsAreReplacedOneAtATimeTheDeadOnesFirst() {
        DaemonSet old = set("");
        DaemonSet set = set("priorityClassName: high");
        Pod first = pod(old, "gpu-1", true, "");
        Pod second = pod(old, "gpu-2", true, "");
        Pod dead = pod(old, "gpu-2", false, "");

        DaemonSetPlan rolling = DaemonSetPlan.of(set, List.of(GPU_1, GPU_2), List.of(first, second));
        assertThat(rolling.delete()).containsExactly(first);
        assertThat(rolling.status().getUpdatedNumberScheduled()).isZero();
        assertThat(rolling.status().getNumberReady()).isEqualTo(2);

        assertThat(DaemonSetPlan.of(set, List.of(GPU_1, GPU_2), List.of(first, dead))
                        .delete())
                .containsExactly(dead);
    }

    private static DaemonSet set(String podSpec) {
        return Serialization.unmarshal("""
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: d, namespace: wolf, uid: u, generation: 3}
                spec:
                  template:
                    metadata: {labels: {a: b}}
                    spec:
                      containers: [{name: agent, image: i}]
                """ + podSpec.indent(6), DaemonSet.class);
    }

    private static Pod pod(DaemonSet set, String node, boolean ready, String metadata) {
        return Serialization.unmarshal(
                """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: p
                  labels: {controller-revision-hash: "%s"}
                %sspec: {nodeName: %s}
                status: {conditions: [{type: Ready, status: "%s"}]}
                """.formatted(
                                DaemonSetPlan.revision(set),
                                metadata.isEmpty() ? "" : metadata.indent(2),
                                node,
                                ready ? "True" : "False"),
                Pod.class);
    }

    private static SimulatedNode node(String name, Map<String, String> labels) {
        return new SimulatedNode(name, "127.0.0.1", labels);
    }
}
