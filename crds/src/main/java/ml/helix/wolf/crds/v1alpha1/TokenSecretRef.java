package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** A key of a Secret in the WolfTunnel's namespace. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TokenSecretRef(
        @Required
        @Size(max = 253)
        @ValidationRule(
                value = "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
                message = "must be the name of a Secret in the WolfTunnel's namespace, for example wolf-token")
        @JsonPropertyDescription("The Secret's name.")
        String name,

        @Default(TokenSecretRef.DEFAULT_KEY)
        @Size(max = 253)
        @ValidationRule(
                value = "self.matches('^[-._a-zA-Z0-9]+$')",
                message = "must be a key of that Secret, for example token")
        @JsonPropertyDescription("The key that holds the token.")
        String key) {
    static final String DEFAULT_KEY = "token";

    public TokenSecretRef {
        key = requireNonNullElse(key, DEFAULT_KEY);
    }
}
