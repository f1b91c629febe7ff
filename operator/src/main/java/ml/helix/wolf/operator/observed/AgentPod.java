package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.operator.desired.AgentContainer;
import ml.helix.wolf.operator.desired.AgentMetadata;

/**
 * What matters of an agent's pod; two that are equal mean the same to the operator.
 *
 * @param ownerUid of the DaemonSet that made it, "" where none did
 * @param node it runs on, or is meant for while it is unscheduled; "" where unknown
 * @param ip "" while it has none
 * @param port of the agent's status, 0 where the pod has no such port
 * @param created RFC 3339
 * @param templateGeneration of the DaemonSet's template that it was made from, "" where unknown
 * @param ready what the pod's Ready condition says
 * @param nodeLost whether the cluster calls it unready although all its containers are ready: nobody hears its node
 * @param unschedulable why no node takes it, "" where one does
 * @param containers without init containers
 */
public record AgentPod(
        String name,
        String uid,
        String ownerUid,
        String node,
        String ip,
        int port,
        String created,
        String templateGeneration,
        boolean terminating,
        boolean ready,
        boolean nodeLost,
        String unschedulable,
        List<ContainerState> containers) {

    private static final String KNOWN = "wolf.helix.ml/known";

    /** A label that the DaemonSet's controller gives each pod; the DaemonSet has the same as an annotation. */
    private static final String TEMPLATE_LABEL = "pod-template-generation";

    public AgentPod {
        containers = List.copyOf(containers);
    }

    public static AgentPod of(Pod pod) {
        return pod.getAdditionalProperties().get(KNOWN) instanceof AgentPod known ? known : read(pod);
    }

    private static AgentPod read(Pod pod) {
        var metadata = pod.getMetadata();
        var status = requireNonNullElse(pod.getStatus(), new PodStatus());
        boolean ready = condition(status, "Ready").map(AgentPod::holds).orElse(false);
        boolean containersReady =
                condition(status, "ContainersReady").map(AgentPod::holds).orElse(false);
        return new AgentPod(
                metadata.getName(),
                requireNonNullElse(metadata.getUid(), ""),
                metadata.getOwnerReferences().stream()
                        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
                        .map(OwnerReference::getUid)
                        .map(String::intern)
                        .findFirst()
                        .orElse(""),
                requireNonNullElse(pod.getSpec().getNodeName(), meantFor(pod)),
                requireNonNullElse(status.getPodIP(), ""),
                statusPort(pod),
                requireNonNullElse(metadata.getCreationTimestamp(), ""),
                requireNonNullElse(metadata.getLabels(), Map.<String, String>of())
                        .getOrDefault(TEMPLATE_LABEL, "")
                        .intern(),
                metadata.getDeletionTimestamp() != null,
                ready,
                !ready && containersReady && pod.getSpec().getReadinessGates().isEmpty(),
                condition(status, "PodScheduled")
                        .filter(scheduled -> "Unschedulable".equals(scheduled.getReason()))
                        .map(scheduled -> requireNonNullElse(scheduled.getMessage(), "no node takes it"))
                        .orElse(""),
                status.getContainerStatuses().stream().map(ContainerState::of).toList());
    }

    /**
     * The given pod, which from now on holds its name, its version, the label that leads to its tunnel, and what
     * {@link #of} says; for a cache of thousands. It is the object itself, as an informer's events hold on to it too.
     */
    public static Pod stripped(Pod pod) {
        var known = of(pod);
        var metadata = pod.getMetadata();
        var tunnel = requireNonNullElse(metadata.getLabels(), Map.<String, String>of())
                .get(AgentMetadata.INSTANCE_LABEL);
        metadata.setLabels(tunnel == null ? Map.of() : Map.of(AgentMetadata.INSTANCE_LABEL, tunnel));
        metadata.setAnnotations(Map.of());
        metadata.setFinalizers(List.of());
        metadata.setManagedFields(List.of());
        metadata.setOwnerReferences(List.of());
        pod.setSpec(null);
        pod.setStatus(null);
        pod.setAdditionalProperties(Map.of(KNOWN, known));
        return pod;
    }

    /** The agent's container, once the kubelet has said something of it. */
    public Optional<ContainerState> agent() {
        return container(AgentContainer.NAME);
    }

    /** Whether the agent's readiness probe succeeds, as far as the cluster knows. */
    public boolean agentReady() {
        return ready || (!nodeLost && agent().filter(ContainerState::ready).isPresent());
    }

    /** A container by its name, once the kubelet has said something of it. */
    public Optional<ContainerState> container(String called) {
        return containers.stream()
                .filter(container -> container.name().equals(called))
                .findFirst();
    }

    private static Optional<PodCondition> condition(PodStatus status, String type) {
        return status.getConditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst();
    }

    private static boolean holds(PodCondition condition) {
        return "True".equals(condition.getStatus());
    }

    private static int statusPort(Pod pod) {
        return pod.getSpec().getContainers().stream()
                .filter(container -> container.getName().equals(AgentContainer.NAME))
                .flatMap(container -> container.getPorts().stream())
                .filter(port -> "status".equals(port.getName()))
                .map(ContainerPort::getContainerPort)
                .findFirst()
                .orElse(0);
    }

    /** A DaemonSet's controller binds each pod to its node by an affinity to the node's name. */
    private static String meantFor(Pod pod) {
        return Stream.ofNullable(pod.getSpec().getAffinity())
                .flatMap(affinity -> Stream.ofNullable(affinity.getNodeAffinity()))
                .flatMap(affinity -> Stream.ofNullable(affinity.getRequiredDuringSchedulingIgnoredDuringExecution()))
                .flatMap(required -> required.getNodeSelectorTerms().stream())
                .flatMap(term -> term.getMatchFields().stream())
                .filter(field -> "metadata.name".equals(field.getKey()))
                .map(NodeSelectorRequirement::getValues)
                .flatMap(List::stream)
                .findFirst()
                .orElse("");
    }
}
