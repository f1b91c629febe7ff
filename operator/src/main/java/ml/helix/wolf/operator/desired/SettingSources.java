package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.EnvVar;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelSpec;

/**
 * The field, Secret or ConfigMap that sets each of the agent's environment variables. An agent that refuses a value names
 * the variable; the reader of a status knows the field.
 */
public final class SettingSources {
    private SettingSources() {}

    /** By the variable's name. */
    public static Map<String, String> of(WolfTunnelSpec spec) {
        var sources = new LinkedHashMap<String, String>();
        Objects.requireNonNullElse(spec.agent().env(), List.<EnvVar>of())
                .forEach(variable -> sources.put(variable.getName(), "spec.agent.env " + variable.getName()));
        var secret = spec.runnerToken().secretRef();
        var token = secret == null
                ? "spec.runnerToken.serviceAccountToken"
                : "key %s of Secret %s".formatted(secret.key(), secret.name());
        sources.put("RUNNER_TOKEN", token);
        sources.put("RUNNER_TOKEN_FILE", token);
        var bundle = spec.controlPlane().caBundleRef();
        sources.put(
                "HELIX_CA_FILE",
                bundle == null
                        ? "spec.controlPlane.caBundleRef"
                        : "key %s of ConfigMap %s".formatted(bundle.key(), bundle.name()));
        sources.put(
                "HELIX_API_URL",
                spec.controlPlane().url() == null ? "spec.controlPlane.urls" : "spec.controlPlane.url");
        sources.put("HTTPS_PROXY", "spec.controlPlane.proxyUrl");
        sources.put("HTTP_PROXY", "spec.controlPlane.proxyUrl");
        sources.put("HELIX_INSECURE_TLS", "spec.controlPlane.insecureSkipVerify");
        sources.put("WOLF_ID", "spec.wolfId");
        sources.put("RUNNER_ID", "spec.wolfId");
        sources.put("WOLF_LOCAL_ADDR", "spec.wolf.address");
        sources.put("WOLF_ALLOW", "spec.wolf.allow");
        sources.put("WOLF_MAX_SESSIONS", "spec.wolf.maxSessions");
        sources.put("WOLF_ZONE", "spec.wolf.zone");
        sources.put("WOLF_LABELS", "spec.wolf.labels");
        sources.put("WOLF_WAIT_SECONDS", "spec.updateStrategy");
        sources.put("WOLF_CORDON_FILE", "spec.drainCordonedNodes");
        sources.put("AGENT_LISTEN", "spec.agent.port");
        sources.put("RECONNECT_SECONDS", "spec.agent.reconnectSeconds");
        sources.put("DRAIN_SECONDS", "spec.agent.drainSeconds");
        sources.put("LOG_LEVEL", "spec.agent.logLevel");
        return Map.copyOf(sources);
    }
}
