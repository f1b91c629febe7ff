package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The agents' pods: which nodes run one, and how. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Pod(
        @JsonPropertyDescription("Share the node's network. Default: true without wolf.container, false with it.")
        @Nullable
        Boolean hostNetwork,

        @Size(max = 64)
        @ValidationRule(
                value = "self.all(k, self[k].matches('^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$'))",
                message = "each value must be a label's value: at most 63 letters, digits, '-', '_' and '.', with a"
                        + " letter or digit at both ends, for example {gpu: nvidia}")
        @JsonPropertyDescription("Labels of the nodes that run an agent; every node when absent.")
        @Nullable
        Map<String, @Size(max = 63) String> nodeSelector,

        @Size(max = 64) @JsonPropertyDescription("The pods' tolerations, for nodes with taints.") @Nullable
        List<Toleration> tolerations,

        @JsonPropertyDescription("The pods' affinity, if nodeSelector is not enough.") @Nullable
        Affinity affinity,

        @Size(max = 253) @JsonPropertyDescription("The pods' PriorityClass.") @Nullable
        String priorityClassName,

        @Size(max = 253) @JsonPropertyDescription("The pods' RuntimeClass, for example nvidia.") @Nullable
        String runtimeClassName,

        @Size(max = 16) @JsonPropertyDescription("Secrets to pull images with.") @Nullable
        List<LocalObjectReference> imagePullSecrets,

        @Size(max = 64)
        @ValidationRule(
                value =
                        "self.all(k, k.matches('^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))",
                message = "each key must be a label's key, for example team or example.com/team")
        @ValidationRule(
                value = "self.all(k, self[k].matches('^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$'))",
                message = "each value must be a label's value: at most 63 letters, digits, '-', '_' and '.', with a"
                        + " letter or digit at both ends, for example {team: streaming}")
        @ValidationRule(
                value = "!('app.kubernetes.io/name' in self) && !('app.kubernetes.io/instance' in self)"
                        + " && !('app.kubernetes.io/managed-by' in self)",
                message = "app.kubernetes.io/name, /instance and /managed-by are the operator's own:"
                        + " choose another key, for example app.kubernetes.io/part-of")
        @JsonPropertyDescription("Further labels of the pods.")
        @Nullable
        Map<String, @Size(max = 63) String> labels,

        @Size(max = 64)
        @ValidationRule(
                value = "self.all(k, k.matches('^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$')"
                        + " && !k.startsWith('wolf.helix.ml/'))",
                message = "each key must be an annotation's key, and not one of wolf.helix.ml/, which are the"
                        + " operator's own, for example example.com/owner")
        @JsonPropertyDescription("Further annotations of the pods.")
        @Nullable
        Map<String, String> annotations,

        @Size(max = 64)
        @ValidationRule(
                value = "self.all(v, has(v.name) && v.name != ''"
                        + " && !(v.name in ['wolf-socket', 'runner-token', 'ca-bundle']))",
                message = "each needs a name other than wolf-socket, runner-token and ca-bundle, which are the"
                        + " operator's own, for example wolf-config")
        @JsonPropertyDescription("Further volumes of the pods, for wolf.container.")
        @Nullable
        List<Volume> volumes,

        @JsonPropertyDescription("The pods' security context, for example a user or group that may open Wolf's socket.")
        @Nullable
        PodSecurityContext securityContext) {

    static Pod defaults() {
        return new Pod(null, null, null, null, null, null, null, null, null, null, null);
    }
}
