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

/** The DaemonSet that runs an agent on each node that the WolfTunnel selects. */
public final class AgentDaemonSet {
    private static final JsonMapper SORTED = JsonMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private AgentDaemonSet() {}

    /**
     * Holds only fields that the operator owns, so that a server-side apply leaves all others alone. Equal inputs give equal
     * objects.
     */
    public static DaemonSet of(WolfTunnel resource, TemplateInputs inputs) {
        var daemonSet = new DaemonSetBuilder()
                .withMetadata(AgentMetadata.of(resource))
                .withNewSpec()
                .withNewSelector()
                .withMatchLabels(AgentMetadata.selector(resource))
                .endSelector()
                .withTemplate(template(resource, inputs))
                .withUpdateStrategy(resource.getSpec().updateStrategy())
                .endSpec()
                .build();
        daemonSet.getMetadata().setAnnotations(Map.of(AgentMetadata.DESIRED_ANNOTATION, digest(daemonSet)));
        return daemonSet;
    }

    private static PodTemplateSpec template(WolfTunnel resource, TemplateInputs inputs) {
        var pod = resource.getSpec().pod();
        var labels = new TreeMap<String, String>(Objects.requireNonNullElse(pod.labels(), Map.of()));
        labels.putAll(AgentMetadata.labels(resource));
        var annotations = new TreeMap<String, String>(Objects.requireNonNullElse(pod.annotations(), Map.of()));
        inputs.tokenDigest().ifPresent(digest -> annotations.put(AgentMetadata.TOKEN_ANNOTATION, digest));
        inputs.caDigest().ifPresent(digest -> annotations.put(AgentMetadata.CA_ANNOTATION, digest));
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(labels)
                .withAnnotations(annotations)
                .endMetadata()
                .withSpec(AgentPodSpec.of(resource, inputs.agentImage()))
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
