package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** The token that the kubelet gives each agent's pod and renews: bound to the pod and its node. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ServiceAccountToken(
        @Required
        @Size(max = 253)
        @ValidationRule(
                value = "self.matches(r'^[^\\s]+$')",
                message = "must be the audience that the control plane expects, for example wolf-control-plane")
        @JsonPropertyDescription(
                "For whom the token is: the control plane's -runner-audience, and not the API server's audience.")
        String audience,

        @Default("3600")
        @Min(ServiceAccountToken.MIN_SECONDS)
        @Max(ServiceAccountToken.MAX_SECONDS)
        @JsonPropertyDescription(
                "How long a token is valid. The kubelet renews it after 80% of that time. The API server may shorten it.")
        Long expirationSeconds) {
    /** What Kubernetes accepts at least. */
    static final int MIN_SECONDS = 600;
    /** A day: a stolen token works for as long. */
    static final int MAX_SECONDS = 86_400;

    private static final long DEFAULT_SECONDS = 3600;

    public ServiceAccountToken {
        expirationSeconds = requireNonNullElse(expirationSeconds, DEFAULT_SECONDS);
    }
}
