package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** The server that the agents open their tunnels to, and how it is reached and trusted. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!self.insecureSkipVerify || !self.url.startsWith('http://')",
        message = "insecureSkipVerify means something with https:// only: write https:// in url, or remove it")
@ValidationRule(
        value = "!has(self.caBundleRef) || !self.url.startsWith('http://')",
        message = "caBundleRef means something with https:// only: write https:// in url, or remove it")
public record ControlPlane(
        @Required
        @Size(max = 2048)
        @ValidationRule(
                value = "self.matches('^https?://')",
                message = "must begin with https:// or http:// (in place of wss:// and ws://), for example"
                        + " https://helix.example.com")
        @ValidationRule(
                value = "!self.matches('[\\\\s?#@]')",
                message = "must have no user, query, fragment or space, for example https://helix.example.com/prefix;"
                        + " the token goes into a Secret, see runnerToken.secretRef")
        @ValidationRule(
                value = "!self.matches('^https?://[^\\\\s?#@]*$') || (isURL(self) && url(self).getHostname() != '')",
                message = "must name a host, for example https://helix.example.com or https://helix.example.com:8443")
        @ValidationRule(
                value = "!self.matches('^https?://([^/:]+|\\\\[[^/]*\\\\]):')"
                        + " || self.matches('^https?://([^/:]+|\\\\[[^/]*\\\\]):" + Ports.REGEX + "(/|$)')",
                message = "its port must be between 1 and 65535")
        @JsonPropertyDescription("The control plane's base URL, http or https; a path prefix is kept.")
        String url,

        @JsonPropertyDescription("A ConfigMap with PEM certificates to trust beside the system's.") @Nullable
        CaBundleRef caBundleRef,

        @Default("false") @JsonPropertyDescription("Trust any certificate. For tests only.")
        boolean insecureSkipVerify,

        @Size(max = 2048)
        @ValidationRule(
                value =
                        "self.matches('^http://([^\\\\s/?#@]+@)?([A-Za-z0-9._-]+|\\\\[[0-9A-Fa-f:.]+\\\\])(:[0-9]{1,5})?/?$')",
                message = "must be http://host:port or http://user:password@host:port, for example"
                        + " http://proxy.example.com:3128")
        @JsonPropertyDescription("An HTTP proxy that the agents reach the control plane through, by CONNECT.")
        @Nullable
        String proxyUrl) {}
