package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Container;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The Wolf beside each agent: how its API is reached, and what the control plane's registry knows of it. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "!has(self.container) || (has(self.container.image) && self.container.image != '')",
        message = "container.image must name Wolf's image, for example ghcr.io/games-on-whales/wolf:stable")
@ValidationRule(
        value = "!has(self.container) || !has(self.container.name) || self.container.name != 'agent'",
        message = "container.name must not be 'agent': that is the agent's container; leave it out, or write wolf")
public record Wolf(
        @Default(Wolf.DEFAULT_ADDRESS)
        @Size(max = 259)
        @ValidationRule(
                value = "self.startsWith('unix:') || self.matches(r'^(" + Patterns.HOST
                        + "|\\$\\((NODE|POD)_IP\\)|\\[\\$\\((NODE|POD)_IP\\)\\]|\\[" + Patterns.IPV6
                        + "\\]):[0-9]{1,5}$')",
                message = "must be host:port, $(NODE_IP):port, $(POD_IP):port, [IPv6]:port or unix:///path, for example"
                        + " localhost:8080 or unix:///var/run/wolf/wolf.sock")
        @ValidationRule(
                value = "self.startsWith('unix:') || !self.matches(':[0-9]{1,5}$') || self.matches(':" + Patterns.PORT
                        + "$')",
                message = "its port must be between 1 and 65535")
        @ValidationRule(
                value = "!self.matches(r'^\\[" + Patterns.IPV6 + "\\]:[0-9]+$')"
                        + " || isIP(self.substring(1, self.indexOf(']')))",
                message = "the text in brackets is not an IPv6 address, such as fd00::1")
        @ValidationRule(
                value = "!self.startsWith('unix:') || (self.matches(r'^unix:///([^/:$\\s]+/)+[^/:$\\s]+$')"
                        + " && self.matches('^[!-~]*$') && !self.matches(r'/\\.\\.?(/|$)'))",
                message = "a UNIX socket is written with its absolute path, in a folder of its own, in visible ASCII"
                        + " characters without '.', '..', ':' and '$', for example unix:///var/run/wolf/wolf.sock")
        @ValidationRule(
                value = "!self.startsWith('unix:') || size(self) <= 114",
                message = "a UNIX socket's path has at most 107 characters")
        @JsonPropertyDescription("host:port or unix:///path. A socket's folder is mounted from the node, or shared with"
                + " wolf.container. $(NODE_IP) and $(POD_IP) stand for the addresses of the node and the pod.")
        String address,

        @Min(1)
        @Max(10_000)
        @JsonPropertyDescription(
                "How many sessions each Wolf can have at once. A control plane with a registry chooses by it.")
        @Nullable
        Integer maxSessions,

        @Size(max = 63)
        @ValidationRule(
                value = "self.matches('^" + Patterns.LABEL + "$')",
                message = "must be 1 to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends, for"
                        + " example eu-1")
        @JsonPropertyDescription(
                "Where the Wolfs run, for example eu-1. A caller of the control plane can ask for a zone.")
        @Nullable
        String zone,

        @Size(max = 32)
        @ValidationRule(
                value = "self.all(k, k.matches('^(" + Patterns.DNS_NAME + "/)?" + Patterns.LABEL
                        + "$') && k.indexOf('/') <= 253)",
                message = "each key must be a label's key, for example team or example.com/team")
        @ValidationRule(
                value = "self.all(k, self[k] == '' || self[k].matches('^" + Patterns.LABEL + "$'))",
                message = "each value must be a label's value: at most 63 letters, digits, '-', '_' and '.', with a"
                        + " letter or digit at both ends, for example {gpu: ada}")
        @JsonPropertyDescription("Labels of the Wolfs in the control plane's registry, not of the pods.")
        @Nullable
        Map<String, @Size(max = 63) String> labels,

        @Size(max = 64)
        @ValidationRule(
                value = "self.all(r, r.matches(r'^[A-Z]{1,32} +/(" + Patterns.ALLOWED_SEGMENT + "(/"
                        + Patterns.ALLOWED_SEGMENT + ")*(/\\*\\*)?|\\*\\*)?$') && !r.matches(r'/\\.\\.?(/|$)')"
                        + " && !r.startsWith('CONNECT '))",
                message =
                        "each must be a method in upper case and a path without a query, for example GET /api/v1/apps or"
                                + " POST /api/v1/sessions/*; * stands for one segment, ** at the end for any rest")
        @JsonPropertyDescription(
                "What may reach Wolf, each a method and a path: GET /api/v1/apps. The agent refuses all else, whatever the"
                        + " control plane sends. Empty: everything may.")
        @Nullable
        List<@Size(max = 256) String> allow,

        @JsonPropertyDescription("Wolf itself, run beside the agent in the same pod. Its name defaults to wolf.")
        @Nullable
        Container container) {
    static final String DEFAULT_ADDRESS = "localhost:8080";

    public Wolf {
        address = requireNonNullElse(address, DEFAULT_ADDRESS);
    }

    static Wolf defaults() {
        return new Wolf(DEFAULT_ADDRESS, null, null, null, null, null);
    }
}
