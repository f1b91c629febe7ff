package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;

/** Where the runner token is, and how it comes to the agents. It is never part of a WolfTunnel itself. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunnerToken(
        @Required @JsonPropertyDescription("The Secret that holds it.")
        TokenSecretRef secretRef,

        @Default("Env")
        @JsonPropertyDescription("Env: as an environment variable, a new token rolls the pods."
                + " File: as a mounted file, a new token is read at the next connect, nothing restarts.")
        Delivery delivery) {

    public RunnerToken {
        delivery = requireNonNullElse(delivery, Delivery.Env);
    }

    /** How the token comes to the agents; the names are what is written in a manifest. */
    public enum Delivery {
        Env,
        File
    }
}
