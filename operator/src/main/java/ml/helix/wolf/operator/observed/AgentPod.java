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
 * What the operator needs of an agent's pod. Two pods that differ in nothing else are equal.
 *
 * @param ownerUid the uid of its DaemonSet, "" if it has none
 * @param node where it runs, or is to run while it is unscheduled; "" if unknown
 * @param ip "" while it has none
 * @param port the agent's status port, 0 if the pod has no such port
 * @param created RFC 3339
 * @param templateGeneration the DaemonSet's template that it was created from, "" if unknown
 * @param ready its condition Ready
 * @param nodeLost whether it is not ready although all its containers are: the cluster no longer hears from its node
 * @param unschedulable why no node takes it, "" if one does
 * @param cordoned whether its annotation says that its node is cordoned
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
        boolean cordoned,
        List<ContainerState> containers) {

    private static final String STRIPPED = "wolf.helix.ml/stripped";

    /** The DaemonSet controller's label on each pod; the DaemonSet has the same value in an annotation. */
    private static final String TEMPLATE_LABEL = "pod-template-generation";

    public AgentPod {
        containers = List.copyOf(containers);
    }

    public static AgentPod of(Pod pod) {
        return pod.getAdditionalProperties().get(STRIPPED) instanceof AgentPod stripped ? stripped : read(pod);
    }

    private static AgentPod read(Pod pod) {
        var metadata = pod.getMetadata();
        var status = requireNonNullElse(pod.getStatus(), new PodStatus());
        boolean ready = condition(status, "Ready").map(AgentPod::isTrue).orElse(false);
        boolean containersReady =
                condition(status, "ContainersReady").map(AgentPod::isTrue).orElse(false);
        return new AgentPod(
                metadata.getName(),
                requireNonNullElse(metadata.getUid(), ""),
                metadata.getOwnerReferences().stream()
                        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
                        .map(OwnerReference::getUid)
                        .map(String::intern)
                        .findFirst()
                        .orElse(""),
                requireNonNullElse(pod.getSpec().getNodeName(), affinityNode(pod)),
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
                requireNonNullElse(metadata.getAnnotations(), Map.<String, String>of())
                        .getOrDefault(AgentMetadata.CORDONED_ANNOTATION, "")
                        .equals("true"),
                status.getContainerStatuses().stream().map(ContainerState::of).toList());
    }

    /**
     * Strips the pod, for a cache of thousands, to its name, its version, the label that leads to its WolfTunnel, and what
     * {@link #of} reads. Changes and returns the given object, since the informer's events refer to it too.
     */
    public static Pod stripped(Pod pod) {
        var read = of(pod);
        var metadata = pod.getMetadata();
        var resource = requireNonNullElse(metadata.getLabels(), Map.<String, String>of())
                .get(AgentMetadata.INSTANCE_LABEL);
        metadata.setLabels(resource == null ? Map.of() : Map.of(AgentMetadata.INSTANCE_LABEL, resource));
        metadata.setAnnotations(Map.of());
        metadata.setFinalizers(List.of());
        metadata.setManagedFields(List.of());
        metadata.setOwnerReferences(List.of());
        pod.setSpec(null);
        pod.setStatus(null);
        pod.setAdditionalProperties(Map.of(STRIPPED, read));
        return pod;
    }

    /** The agent's container; empty before the kubelet has reported it. */
    public Optional<ContainerState> agent() {
        return container(AgentContainer.NAME);
    }

    /** Whether the agent's readiness probe succeeds; false if its node is lost. */
    public boolean agentReady() {
        return ready || (!nodeLost && agent().filter(ContainerState::ready).isPresent());
    }

    /** Empty before the kubelet has reported it. */
    public Optional<ContainerState> container(String name) {
        return containers.stream()
                .filter(container -> container.name().equals(name))
                .findFirst();
    }

    private static Optional<PodCondition> condition(PodStatus status, String type) {
        return status.getConditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst();
    }

    private static boolean isTrue(PodCondition condition) {
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

    /** The node of an unscheduled pod: the DaemonSet controller gives it an affinity to the node's name. */
    private static String affinityNode(Pod pod) {
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
