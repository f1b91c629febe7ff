package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.IntOrString;
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
import java.util.Objects;

/**
 * What the DaemonSet controller does next, as a function of what it sees: one pod per node that fits, pods of an older
 * template replaced within {@code maxUnavailable}, a node's next pod only when its last one is gone.
 */
record DaemonSetPlan(List<SimulatedNode> create, List<Pod> delete, DaemonSetStatus status) {
    static final String REVISION = "controller-revision-hash";

    /**
     * @param pods those that the DaemonSet owns, terminating ones too
     */
    static DaemonSetPlan of(DaemonSet set, List<SimulatedNode> nodes, List<Pod> pods) {
        String revision = revision(set);
        List<SimulatedNode> create = new ArrayList<>();
        List<Pod> delete = new ArrayList<>();
        List<Pod> outdated = new ArrayList<>();
        int desired = 0;
        int scheduled = 0;
        int updated = 0;
        int ready = 0;
        for (SimulatedNode node : nodes) {
            List<Pod> here = pods.stream()
                    .filter(pod -> node.name().equals(pod.getSpec().getNodeName()))
                    .toList();
            List<Pod> running = here.stream().filter(pod -> !terminating(pod)).toList();
            if (!Placement.fits(set.getSpec().getTemplate().getSpec(), node)) {
                delete.addAll(running);
                continue;
            }
            desired++;
            if (here.isEmpty()) {
                create.add(node);
            }
            if (!running.isEmpty()) {
                Pod pod = running.getFirst();
                delete.addAll(running.subList(1, running.size()));
                scheduled++;
                ready += ready(pod) ? 1 : 0;
                if (revision.equals(pod.getMetadata().getLabels().get(REVISION))) {
                    updated++;
                } else {
                    outdated.add(pod);
                }
            }
        }
        delete.addAll(replaceable(set, outdated, desired, desired - ready));
        return new DaemonSetPlan(create, delete, status(set, desired, scheduled, updated, ready));
    }

    /** A hash of the template: pods carry it as a label, and one that differs marks a pod as outdated. */
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

    /** Those that are down anyway, and as many more as may be down at once. */
    private static List<Pod> replaceable(DaemonSet set, List<Pod> outdated, int desired, int unavailable) {
        var strategy = set.getSpec().getUpdateStrategy();
        if (strategy != null && "OnDelete".equals(strategy.getType())) {
            return List.of();
        }
        boolean given = strategy != null
                && strategy.getRollingUpdate() != null
                && strategy.getRollingUpdate().getMaxUnavailable() != null;
        int allowed = given ? count(strategy.getRollingUpdate().getMaxUnavailable(), desired) : 1;
        List<Pod> replaceable =
                new ArrayList<>(outdated.stream().filter(pod -> !ready(pod)).toList());
        outdated.stream()
                .filter(DaemonSetPlan::ready)
                .limit(Math.max(0, allowed - unavailable))
                .forEach(replaceable::add);
        return replaceable;
    }

    private static int count(IntOrString value, int of) {
        if (value.getStrVal() == null) {
            return value.getIntVal();
        }
        int percent = Integer.parseInt(value.getStrVal().replace("%", ""));
        return Math.max(1, (of * percent + 99) / 100);
    }

    private static DaemonSetStatus status(DaemonSet set, int desired, int scheduled, int updated, int ready) {
        return new DaemonSetStatusBuilder(Objects.requireNonNullElseGet(set.getStatus(), DaemonSetStatus::new))
                .withObservedGeneration(set.getMetadata().getGeneration())
                .withDesiredNumberScheduled(desired)
                .withCurrentNumberScheduled(scheduled)
                .withUpdatedNumberScheduled(updated)
                .withNumberReady(ready)
                .withNumberAvailable(ready == 0 ? null : ready)
                .withNumberUnavailable(desired == ready ? null : desired - ready)
                .withNumberMisscheduled(0)
                .build();
    }
}
