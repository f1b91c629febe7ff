package ml.helix.wolf.operator.desired;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** One agent per node that the tunnel selects. */
public final class AgentDaemonSet {
    private static final JsonMapper SORTED = JsonMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private AgentDaemonSet() {}

    /**
     * Only fields that the operator means to own, so that a server-side apply leaves everybody else's alone. Equal
     * inputs give equal objects.
     */
    public static DaemonSet of(WolfTunnel tunnel, TemplateInputs inputs) {
        var daemonSet = new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace(tunnel.getMetadata().getNamespace())
                .withName(AgentMetadata.name(tunnel))
                .withLabels(AgentMetadata.labels(tunnel))
                .withOwnerReferences(AgentMetadata.owner(tunnel))
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .withMatchLabels(AgentMetadata.selector(tunnel))
                .endSelector()
                .withTemplate(template(tunnel, inputs))
                .withUpdateStrategy(tunnel.getSpec().updateStrategy())
                .endSpec()
                .build();
        daemonSet.getMetadata().setAnnotations(Map.of(AgentMetadata.DESIRED_ANNOTATION, digest(daemonSet)));
        return daemonSet;
    }

    private static PodTemplateSpec template(WolfTunnel tunnel, TemplateInputs inputs) {
        var pod = tunnel.getSpec().pod();
        var labels = new TreeMap<String, String>(Objects.requireNonNullElse(pod.labels(), Map.of()));
        labels.putAll(AgentMetadata.labels(tunnel));
        var annotations = new TreeMap<String, String>(Objects.requireNonNullElse(pod.annotations(), Map.of()));
        inputs.tokenDigest().ifPresent(generation -> annotations.put(AgentMetadata.TOKEN_ANNOTATION, generation));
        inputs.caDigest().ifPresent(generation -> annotations.put(AgentMetadata.CA_ANNOTATION, generation));
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(labels)
                .withAnnotations(annotations)
                .endMetadata()
                .withSpec(AgentPodSpec.of(tunnel, inputs.agentImage()))
                .build();
    }

    private static String digest(DaemonSet daemonSet) {
        try {
            return Digests.of(SORTED.writeValueAsString(daemonSet));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a DaemonSet is always JSON", e);
        }
    }
}
