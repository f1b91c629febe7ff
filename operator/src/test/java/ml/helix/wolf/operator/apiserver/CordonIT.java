package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The operator with spec.drainCordonedNodes; the test plays the cluster's admin, who cordons nodes. */
@ExtendWith(RealApiServer.class)
class CordonIT {
    private static final List<String> NODES = List.of("node-of-cordons-1", "node-of-cordons-2");

    private Testbed testbed;

    @BeforeEach
    void bringUp(RealApiServer.Running server) throws Exception {
        testbed = new Testbed(server).operate();
        for (var node : NODES) {
            testbed.admin
                    .resource(new NodeBuilder()
                            .withNewMetadata()
                            .withName(node)
                            .endMetadata()
                            .withNewSpec()
                            .endSpec()
                            .build())
                    .create();
        }
        testbed.token("t");
    }

    @AfterEach
    void takeDown() {
        testbed.delete(); // operators of other tests, without the role, would watch nodes for it
        NODES.forEach(node -> testbed.admin.nodes().withName(node).delete());
        testbed.close();
    }

    @Test
    void oneRequestTellsTheAgentOfACordonedNodeAndOneThatItIsBack() throws Exception {
        testbed.apply("{drainCordonedNodes: true}");
        testbed.awaitDaemonSet();
        NODES.forEach(node -> testbed.podRuns(node, "127.0.0.1", true));
        testbed.awaitCondition("CordonedNodesDrained", "True NodesWatched");
        cordon(NODES.getFirst(), true);
        Eventually.holds(() -> assertThat(annotation(NODES.getFirst())).isEqualTo("true"));
        Eventually.holds(
                () -> assertThat(testbed.condition("CordonedNodesDrained").getMessage())
                        .isEqualTo("the agents of cordoned nodes ask to be drained: " + NODES.getFirst()));
        testbed.awaitIdle();
        assertThat(annotation(NODES.getLast())).isEmpty();

        cordon(NODES.getFirst(), false);
        Eventually.holds(() -> assertThat(annotation(NODES.getFirst())).isEmpty());
        testbed.awaitIdle();
        assertThat(patchesOfPods()).isEqualTo(2);
    }

    @Test
    void aPodThatComesLaterOnACordonedNodeIsToldAndOneThatIsNotToBeDrainedIsLeftAlone() throws Exception {
        cordon(NODES.getFirst(), true);
        testbed.apply("{}");
        testbed.awaitDaemonSet();
        testbed.podRuns(NODES.getFirst(), "127.0.0.1", true);
        testbed.awaitIdle();
        assertThat(patchesOfPods()).isZero();
        assertThat(testbed.resource().getStatus().conditions())
                .noneMatch(condition -> condition.getType().equals("CordonedNodesDrained"));

        testbed.apply("{drainCordonedNodes: true}");
        Eventually.holds(() -> assertThat(annotation(NODES.getFirst())).isEqualTo("true"));
    }

    private void cordon(String node, boolean cordoned) {
        Testbed.untilNoConflict(() -> testbed.admin.nodes().withName(node).edit(present -> {
            present.getSpec().setUnschedulable(cordoned ? true : null);
            return present;
        }));
    }

    private long patchesOfPods() {
        return testbed.writes().stream()
                .filter(request -> request.permission().equals("patch /pods"))
                .count();
    }

    private String annotation(String node) {
        Pod pod = testbed.admin
                .pods()
                .inNamespace(testbed.namespace)
                .withName(Testbed.AGENTS + "-" + node)
                .require();
        return Objects.requireNonNullElse(pod.getMetadata().getAnnotations(), Map.<String, String>of())
                .getOrDefault("wolf.helix.ml/cordoned", "");
    }
}
