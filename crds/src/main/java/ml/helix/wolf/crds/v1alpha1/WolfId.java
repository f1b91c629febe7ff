package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The id of each Wolf at the control plane. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WolfId(
        @Default("PodName")
        @JsonPropertyDescription(
                "PodName: a new id with each new pod. NodeName: the same id for as long as the node lives.")
        Source source,

        @Size(max = 63)
        @ValidationRule(
                value = "self.matches(r'^[ \\pL\\pM\\pN\\pP\\pS]*$') && !self.matches(r'[" + Patterns.INVISIBLE + "]')",
                message = "must be visible characters: letters, digits, punctuation and symbols, for example lab-")
        @ValidationRule(
                value = "!self.matches(r'[/?#%$,=\\\\ ]')",
                message =
                        "must have no spaces and none of / \\ ? # % $ , = since the id is part of URLs, for example lab-")
        @JsonPropertyDescription("Put before the name of the pod or node.")
        String prefix,

        @Default(WolfId.DEFAULT_RUNNER_PREFIX)
        @Size(max = 63)
        @ValidationRule(
                value = "self.matches('^[A-Za-z0-9._-]+$') && !self.startsWith('doctor-')",
                message =
                        "must be ASCII letters, digits, '.', '_' and '-', and not begin with doctor-, for example wolf-")
        @JsonPropertyDescription(
                "Put before the whole id at the control plane. Helix of today wants hydra-, sandbox- or desktop-.")
        String runnerPrefix) {
    public static final String DEFAULT_RUNNER_PREFIX = "wolf-";

    public WolfId {
        source = requireNonNullElse(source, Source.PodName);
        prefix = requireNonNullElse(prefix, "");
        runnerPrefix = requireNonNullElse(runnerPrefix, DEFAULT_RUNNER_PREFIX);
    }

    static WolfId defaults() {
        return new WolfId(Source.PodName, "", DEFAULT_RUNNER_PREFIX);
    }

    /** Whose name the id is; the names are what a manifest has. */
    public enum Source {
        PodName,
        NodeName
    }
}
