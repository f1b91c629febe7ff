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
    public static DaemonSet of(WolfTunnel tunnel, Facts facts) {
        var daemonSet = new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace(tunnel.getMetadata().getNamespace())
                .withName(Names.agents(tunnel))
                .withLabels(Names.labels(tunnel))
                .withOwnerReferences(Names.owner(tunnel))
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .withMatchLabels(Names.selector(tunnel))
                .endSelector()
                .withTemplate(template(tunnel, facts))
                .withUpdateStrategy(tunnel.getSpec().updateStrategy())
                .endSpec()
                .build();
        daemonSet.getMetadata().setAnnotations(Map.of(Names.DESIRED_ANNOTATION, digest(daemonSet)));
        return daemonSet;
    }

    private static PodTemplateSpec template(WolfTunnel tunnel, Facts facts) {
        var pod = tunnel.getSpec().pod();
        var labels = new TreeMap<String, String>(Objects.requireNonNullElse(pod.labels(), Map.of()));
        labels.putAll(Names.labels(tunnel));
        var annotations = new TreeMap<String, String>(Objects.requireNonNullElse(pod.annotations(), Map.of()));
        facts.tokenGeneration().ifPresent(generation -> annotations.put(Names.TOKEN_ANNOTATION, generation));
        facts.caGeneration().ifPresent(generation -> annotations.put(Names.CA_ANNOTATION, generation));
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(labels)
                .withAnnotations(annotations)
                .endMetadata()
                .withSpec(AgentPodSpec.of(tunnel, facts.agentImage()))
                .build();
    }

    private static String digest(DaemonSet daemonSet) {
        try {
            return Generations.of(SORTED.writeValueAsString(daemonSet));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a DaemonSet is always JSON", e);
        }
    }
}
