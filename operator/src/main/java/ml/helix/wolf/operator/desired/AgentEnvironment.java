package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import ml.helix.wolf.crds.v1alpha1.RunnerToken;
import ml.helix.wolf.crds.v1alpha1.Wolf;
import ml.helix.wolf.crds.v1alpha1.WolfId;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelSpec;

/** The agent's environment variables, in an order in which each refers only to earlier ones. */
final class AgentEnvironment {
    /** The old agent of the node, whose Wolf answers, keeps the tunnel until the new one's Wolf does. */
    private static final int SECONDS_FOR_WOLF = 120;

    private final Map<String, EnvVar> variables = new LinkedHashMap<>();

    private AgentEnvironment() {}

    static List<EnvVar> of(WolfTunnelSpec spec) {
        var environment = new AgentEnvironment();
        environment.field("POD_IP", "status.podIP");
        if (spec.wolf().address().contains("$(NODE_IP)")) {
            environment.field("NODE_IP", "status.hostIP");
        }
        environment.identity(spec.wolfId());
        environment.controlPlane(spec);
        environment.token(spec.runnerToken());
        environment.value("WOLF_LOCAL_ADDR", spec.wolf().address());
        environment.allow(spec.wolf());
        environment.registry(spec.wolf());
        if (spec.drainCordonedNodes()) {
            environment.value("WOLF_CORDON_FILE", AgentVolumes.CORDON_FILE);
        }
        if (spec.surges() && spec.wolf().container() != null) {
            environment.value("WOLF_WAIT_SECONDS", String.valueOf(SECONDS_FOR_WOLF));
        }
        environment.value("AGENT_LISTEN", "$(POD_IP):" + spec.agent().port());
        environment.value("RECONNECT_SECONDS", String.valueOf(spec.agent().reconnectSeconds()));
        environment.value("DRAIN_SECONDS", String.valueOf(spec.agent().drainSeconds()));
        environment.value("LOG_LEVEL", spec.agent().logLevel().name());
        Objects.requireNonNullElse(spec.agent().env(), List.<EnvVar>of())
                .forEach(variable -> environment.variables.putIfAbsent(variable.getName(), variable));
        return new ArrayList<>(environment.variables.values());
    }

    private void identity(WolfId id) {
        var field =
                switch (id.source()) {
                    case PodName -> "metadata.name";
                    case NodeName -> "spec.nodeName";
                };
        if (id.prefix().isEmpty()) {
            field("WOLF_ID", field);
        } else {
            field("WOLF_NAME", field);
            value("WOLF_ID", id.prefix() + "$(WOLF_NAME)");
        }
        if (!id.runnerPrefix().equals(WolfId.DEFAULT_RUNNER_PREFIX)) {
            value("RUNNER_ID", id.runnerPrefix() + "$(WOLF_ID)");
        }
    }

    private void controlPlane(WolfTunnelSpec spec) {
        var controlPlane = spec.controlPlane();
        value(
                "HELIX_API_URL",
                literal(controlPlane.all().stream()
                        .map(AgentEnvironment::oneUrl)
                        .collect(Collectors.joining(","))));
        if (controlPlane.caBundleRef() != null) {
            value("HELIX_CA_FILE", AgentVolumes.CA_FILE);
        }
        if (controlPlane.insecureSkipVerify()) {
            value("HELIX_INSECURE_TLS", "true");
        }
        if (controlPlane.proxyUrl() != null) {
            value("HTTPS_PROXY", literal(controlPlane.proxyUrl()));
            value("HTTP_PROXY", literal(controlPlane.proxyUrl()));
        }
    }

    private void token(RunnerToken token) {
        var secret = token.secretRef();
        if (secret == null || token.fromFile()) {
            value("RUNNER_TOKEN_FILE", AgentVolumes.TOKEN_FILE);
            return;
        }
        add(new EnvVarBuilder()
                .withName("RUNNER_TOKEN")
                .withNewValueFrom()
                .withNewSecretKeyRef()
                .withName(secret.name())
                .withKey(secret.key())
                .endSecretKeyRef()
                .endValueFrom()
                .build());
    }

    private void allow(Wolf wolf) {
        if (wolf.allow() != null && !wolf.allow().isEmpty()) {
            value("WOLF_ALLOW", literal(String.join("; ", wolf.allow())));
        }
    }

    private void registry(Wolf wolf) {
        if (wolf.maxSessions() != null) {
            value("WOLF_MAX_SESSIONS", wolf.maxSessions().toString());
        }
        if (wolf.zone() != null) {
            value("WOLF_ZONE", wolf.zone());
        }
        if (wolf.labels() != null && !wolf.labels().isEmpty()) {
            value(
                    "WOLF_LABELS",
                    new TreeMap<>(wolf.labels())
                            .entrySet().stream()
                                    .map(label -> label.getKey() + "=" + label.getValue())
                                    .collect(Collectors.joining(",")));
        }
    }

    private void field(String name, String path) {
        add(new EnvVarBuilder()
                .withName(name)
                .withNewValueFrom()
                .withNewFieldRef()
                .withApiVersion("v1")
                .withFieldPath(path)
                .endFieldRef()
                .endValueFrom()
                .build());
    }

    private void value(String name, String value) {
        add(new EnvVarBuilder().withName(name).withValue(value).build());
    }

    private void add(EnvVar variable) {
        variables.put(variable.getName(), variable);
    }

    /**
     * Keeps the agent from taking one URL for several. The CRD refuses such a URL, but an older one may be in the cluster, and
     * a policy has judged it as one.
     */
    private static String oneUrl(String url) {
        return url.replaceAll(",(?=\\s*(?i:https?|wss?)://)", "%2C");
    }

    /** Keeps the kubelet from expanding the text: to it, $(NAME) is another variable and $$ is one $. */
    private static String literal(String text) {
        return text.replace("$", "$$");
    }
}
