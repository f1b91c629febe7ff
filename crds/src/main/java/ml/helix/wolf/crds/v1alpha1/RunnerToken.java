package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;

/** Where the runner token is, and how the agents get it. A WolfTunnel never holds the token itself. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunnerToken(
        @Required @JsonPropertyDescription("The Secret that holds the token.")
        TokenSecretRef secretRef,

        @Default("Env")
        @JsonPropertyDescription(
                "How the agents get the token. Env: as an environment variable; a new token rolls the pods."
                        + " File: as a mounted file; the agents use a new token without a restart.")
        Delivery delivery) {

    public RunnerToken {
        delivery = requireNonNullElse(delivery, Delivery.Env);
    }

    /** How the agents get the token; the names are what a manifest has. */
    public enum Delivery {
        Env,
        File
    }
}
