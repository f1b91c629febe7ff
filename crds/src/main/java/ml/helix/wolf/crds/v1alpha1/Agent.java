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
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The agent's container. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Agent(
        @Size(max = 1024)
        @ValidationRule(
                value = "self.matches('^\\\\S+$')",
                message = "must be an image reference; leave it out for the operator's own AGENT_IMAGE")
        @JsonPropertyDescription("The agent's image. Default: the operator's AGENT_IMAGE.")
        @Nullable
        String image,

        @Default("IfNotPresent") @JsonPropertyDescription("When the node pulls the image.")
        ImagePullPolicy imagePullPolicy,

        @Default(Agent.DEFAULT_PORT + "")
        @Min(1)
        @Max(65535)
        @JsonPropertyDescription("The port of the agent's health, metrics and status; it listens on the pod's IP only.")
        Integer port,

        @Default(Agent.DEFAULT_RECONNECT_SECONDS + "")
        @Min(1)
        @Max(60)
        @JsonPropertyDescription(
                "The first wait before a reconnect has at most so many seconds; later ones grow to a minute.")
        Integer reconnectSeconds,

        @Default(Agent.DEFAULT_DRAIN_SECONDS + "")
        @Min(0)
        @Max(3600)
        @JsonPropertyDescription("How many seconds running streams may take to end when a pod stops.")
        Integer drainSeconds,

        @Default("info") @JsonPropertyDescription("How much the agent logs.")
        LogLevel logLevel,

        @JsonPropertyDescription("Requests and limits of the agent's container.") @Nullable
        ResourceRequirements resources,

        @Size(max = 64)
        @ValidationRule(
                value = "self.all(e, has(e.name) && e.name != '')",
                message = "each needs a name, for example {name: NO_PROXY, value: localhost}")
        @ValidationRule(
                value = "self.all(e, !has(e.name) || !(e.name in ['HELIX_API_URL', 'WOLF_ID', 'RUNNER_ID',"
                        + " 'RUNNER_TOKEN', 'RUNNER_TOKEN_FILE', 'WOLF_LOCAL_ADDR', 'RECONNECT_SECONDS',"
                        + " 'AGENT_LISTEN', 'HELIX_CA_FILE', 'HELIX_INSECURE_TLS', 'DRAIN_SECONDS', 'LOG_LEVEL',"
                        + " 'WOLF_NAME', 'POD_IP', 'NODE_IP']))",
                message = "the operator sets HELIX_*, WOLF_*, RUNNER_*, AGENT_LISTEN, RECONNECT_SECONDS, DRAIN_SECONDS,"
                        + " LOG_LEVEL, POD_IP and NODE_IP itself: write the field of this resource that stands for it")
        @JsonPropertyDescription("Further environment variables of the agent.")
        @Nullable
        List<EnvVar> env) {
    static final int DEFAULT_PORT = 9797;
    static final int DEFAULT_RECONNECT_SECONDS = 5;
    static final int DEFAULT_DRAIN_SECONDS = 20;

    public Agent {
        imagePullPolicy = requireNonNullElse(imagePullPolicy, ImagePullPolicy.IfNotPresent);
        port = requireNonNullElse(port, DEFAULT_PORT);
        reconnectSeconds = requireNonNullElse(reconnectSeconds, DEFAULT_RECONNECT_SECONDS);
        drainSeconds = requireNonNullElse(drainSeconds, DEFAULT_DRAIN_SECONDS);
        logLevel = requireNonNullElse(logLevel, LogLevel.info);
    }

    static Agent defaults() {
        return new Agent(
                null,
                ImagePullPolicy.IfNotPresent,
                DEFAULT_PORT,
                DEFAULT_RECONNECT_SECONDS,
                DEFAULT_DRAIN_SECONDS,
                LogLevel.info,
                null,
                null);
    }

    /** Kubernetes' own words; the names are what a manifest has. */
    public enum ImagePullPolicy {
        Always,
        IfNotPresent,
        Never
    }

    /** The agent's log levels; the names are what a manifest has. */
    public enum LogLevel {
        error,
        warn,
        info,
        debug,
        trace
    }
}
