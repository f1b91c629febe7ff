package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatusBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The next step of the DaemonSet controller, as a pure function of what there is: one pod on each node that the
 * nodeSelector matches; a pod of an older template is replaced when all other pods are ready; a node gets its next pod
 * only when the last one is gone.
 */
record DaemonSetPlan(List<SimulatedNode> create, List<Pod> delete, DaemonSetStatus status) {
    static final String REVISION = "controller-revision-hash";

    /**
     * @param pods the pods that the DaemonSet owns, terminating ones included
     */
    static DaemonSetPlan of(DaemonSet set, List<SimulatedNode> nodes, List<Pod> pods) {
        String revision = revision(set);
        Map<String, String> selector =
                Objects.requireNonNullElse(set.getSpec().getTemplate().getSpec().getNodeSelector(), Map.of());
        List<SimulatedNode> create = new ArrayList<>();
        List<Pod> delete = new ArrayList<>();
        List<Pod> running = new ArrayList<>();
        int desired = 0;
        for (SimulatedNode node : nodes) {
            boolean fits = node.labels().entrySet().containsAll(selector.entrySet());
            desired += fits ? 1 : 0;
            List<Pod> here = pods.stream()
                    .filter(pod -> node.name().equals(pod.getSpec().getNodeName()))
                    .toList();
            if (fits && here.isEmpty()) {
                create.add(node);
            }
            here.stream().filter(pod -> !terminating(pod)).forEach((fits ? running : delete)::add);
        }
        List<Pod> outdated = running.stream()
                .filter(pod -> !revision.equals(pod.getMetadata().getLabels().get(REVISION)))
                .toList();
        int ready = (int) running.stream().filter(DaemonSetPlan::ready).count();
        replaceable(outdated, desired == ready).ifPresent(delete::add);
        DaemonSetStatus status = new DaemonSetStatusBuilder()
                .withObservedGeneration(set.getMetadata().getGeneration())
                .withDesiredNumberScheduled(desired)
                .withCurrentNumberScheduled(running.size())
                .withUpdatedNumberScheduled(running.size() - outdated.size())
                .withNumberReady(ready)
                .withNumberAvailable(ready == 0 ? null : ready)
                .withNumberUnavailable(desired == ready ? null : desired - ready)
                .withNumberMisscheduled(0)
                .build();
        return new DaemonSetPlan(create, delete, status);
    }

    /** A pod that isn't ready is replaced at once, a ready one only if all pods are ready. */
    private static Optional<Pod> replaceable(List<Pod> outdated, boolean allReady) {
        return outdated.stream().filter(pod -> allReady || !ready(pod)).findFirst();
    }

    /** A hash of the template. Each pod has it as a label; an outdated pod has another one. */
    static String revision(DaemonSet set) {
        byte[] template = Serialization.asJson(set.getSpec().getTemplate()).getBytes(StandardCharsets.UTF_8);
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(template);
            return HexFormat.of().formatHex(hash, 0, 5);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-256", e);
        }
    }

    static boolean ready(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    static boolean terminating(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }
}
