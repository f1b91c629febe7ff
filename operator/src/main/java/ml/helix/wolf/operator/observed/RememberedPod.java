package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.operator.desired.Names;
import org.jspecify.annotations.Nullable;

/**
 * A pod as the cache keeps it: its name, its version, the label that leads to its tunnel, and what matters of it; a tenth
 * of the memory of the pod itself. Equal only to itself.
 */
final class RememberedPod extends Pod {
    private static final long serialVersionUID = 1;

    private final transient AgentPod agent;

    RememberedPod(ObjectMeta full, AgentPod agent) {
        this.agent = agent;
        var metadata = new ObjectMeta();
        metadata.setNamespace(full.getNamespace().intern());
        metadata.setName(agent.name());
        metadata.setUid(agent.uid());
        metadata.setResourceVersion(full.getResourceVersion());
        metadata.setLabels(label(requireNonNullElse(full.getLabels(), Map.of())));
        metadata.setAnnotations(Map.of());
        metadata.setFinalizers(List.of());
        metadata.setManagedFields(List.of());
        metadata.setOwnerReferences(List.of());
        metadata.setAdditionalProperties(Map.of());
        setMetadata(metadata);
        setAdditionalProperties(Map.of());
    }

    private static Map<String, String> label(Map<String, String> all) {
        var tunnel = all.get(Names.INSTANCE_LABEL);
        return tunnel == null ? Map.of() : Map.of(Names.INSTANCE_LABEL, tunnel.intern());
    }

    AgentPod agent() {
        return agent;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
