package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** Where the runner token is, and how the agents get it. A WolfTunnel never holds the token itself. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "has(self.secretRef) != has(self.serviceAccountToken)",
        message = "must have exactly one of secretRef, for a Secret, for example secretRef: {name: wolf-token}, and"
                + " serviceAccountToken, for a token of each pod")
public record RunnerToken(
        @JsonPropertyDescription("The Secret that holds the token of all agents.") @Nullable
        TokenSecretRef secretRef,

        @JsonPropertyDescription(
                "A token for each pod, in place of a Secret: the agents read it from a file, whatever delivery says. The"
                        + " control plane must accept this cluster's ServiceAccount tokens; each opens the id of its own"
                        + " node, so wolfId.source must be NodeName.")
        @Nullable
        ServiceAccountToken serviceAccountToken,

        @Default("Env")
        @JsonPropertyDescription(
                "How the agents get the token. Env: as an environment variable; a new token rolls the pods."
                        + " File: as a mounted file; the agents use a new token without a restart.")
        Delivery delivery) {

    public RunnerToken {
        delivery = requireNonNullElse(delivery, Delivery.Env);
    }

    /** Whether the agents read the token from a file, and use a new one without a restart. */
    public boolean fromFile() {
        return serviceAccountToken != null || delivery == Delivery.File;
    }

    /** How the agents get the token; the names are what a manifest has. */
    public enum Delivery {
        Env,
        File
    }
}
