package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** The server to which the agents keep their tunnels: how they reach it, and whom they trust. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!self.insecureSkipVerify || !self.url.startsWith('http://')",
        message = "insecureSkipVerify applies to https:// only: write https:// in url, or remove it")
@ValidationRule(
        value = "!has(self.caBundleRef) || !self.url.startsWith('http://')",
        message = "caBundleRef applies to https:// only: write https:// in url, or remove it")
public record ControlPlane(
        @Required
        @Size(max = 2048)
        @ValidationRule(
                value = "self.matches('^https?://')",
                message = "must begin with https:// or http:// (in place of wss:// and ws://), for example"
                        + " https://helix.example.com")
        @ValidationRule(
                value = "!self.matches('^https?://') || !self.matches(r'^https?://[^/?#]*@|[\\s?#]')",
                message = "must have no user, query, fragment or space, for example https://helix.example.com/prefix;"
                        + " the token goes into a Secret, see runnerToken.secretRef")
        @ValidationRule(
                value = "!self.matches(r'^https?://[^\\s?#@]*$') || self.matches(r'^https?://" + Patterns.URL_HOST
                        + "(:[^/]*)?(/|$)')",
                message = "must name a host, by its ASCII name or address, for example https://helix.example.com or"
                        + " https://[fd00::1]:8443")
        @ValidationRule(
                value = "!self.matches(r'^https?://" + Patterns.URL_HOST
                        + ":[^/@?#]*(/|$)') || self.matches(r'^https?://" + Patterns.URL_HOST + ":" + Patterns.PORT
                        + "(/|$)')",
                message = "its port must be between 1 and 65535")
        @ValidationRule(
                value = "!self.matches(r'^https?://\\[" + Patterns.IPV6 + "\\]')"
                        + " || isIP(self.substring(self.indexOf('[') + 1, self.indexOf(']')))",
                message = "the text in brackets is not an IPv6 address, such as fd00::1")
        @ValidationRule(
                value = "!self.matches(r'^https?://[^/\\s?#]+/[^\\s?#]*$')" + " || self.matches(r'^https?://[^/]+"
                        + Patterns.PATH + "$')",
                message = "must have each other character in its path as %xx, a space as %20")
        @ValidationRule(
                value = "!self.matches('/api/v1/revdial/*$')",
                message = "must leave off /api/v1/revdial, which the agent adds, for example"
                        + " https://helix.example.com")
        @JsonPropertyDescription(
                "The control plane's base URL, http or https, without /api/v1/revdial; a path prefix is kept.")
        String url,

        @JsonPropertyDescription("A ConfigMap with PEM certificates that the agents trust besides the system's.")
        @Nullable
        CaBundleRef caBundleRef,

        @Default("false") @JsonPropertyDescription("Trust any certificate. For tests only.")
        boolean insecureSkipVerify,

        @Size(max = 2048)
        @ValidationRule(
                value = "self.matches(r'^http://(.*@)?" + Patterns.URL_HOST + "(:[0-9]{1,5})?/?$')",
                message = "must be http://host:port or http://user:password@host:port, for example"
                        + " http://proxy.example.com:3128")
        @ValidationRule(
                value = "!self.matches('^http://.*@[^@]') || self.matches(r'^http://" + Patterns.USER + "@[^@]*$')",
                message = "must write each special character of user and password as %xx, for example"
                        + " http://DOMAIN%5Cuser:p%40ss@proxy.example.com:3128")
        @ValidationRule(
                value = "!self.matches(':[0-9]{1,5}/?$') || self.matches(':" + Patterns.PORT + "/?$')",
                message = "its port must be between 1 and 65535")
        @ValidationRule(
                value = "!self.matches(r'^http://([^\\[]*@)?\\[" + Patterns.IPV6 + "\\](:[0-9]*)?/?$')"
                        + " || isIP(self.substring(self.indexOf('[') + 1, self.indexOf(']')))",
                message = "the text in brackets is not an IPv6 address, such as fd00::1")
        @JsonPropertyDescription("The HTTP proxy through which the agents reach the control plane, by CONNECT.")
        @Nullable
        String proxyUrl) {}
