package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The environment of a container as a kubelet resolves it: values with {@code $(VAR)}, fieldRef and secretKeyRef. */
final class ContainerEnvironment {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\$|\\$\\(([^()$]+)\\)");

    private final Pod pod;
    private final String ip;
    private final Function<String, Optional<Secret>> secrets;

    /**
     * @param ip the IP of the pod and of its node
     * @param secrets finds a Secret of the pod's namespace by name
     */
    ContainerEnvironment(Pod pod, String ip, Function<String, Optional<Secret>> secrets) {
        this.pod = pod;
        this.ip = ip;
        this.secrets = secrets;
    }

    /**
     * The variables in the order of their definition.
     *
     * @throws NotStartable if a Secret or its key is missing, or if the source of a value isn't simulated
     */
    Map<String, String> of(Container container) throws NotStartable {
        Map<String, String> variables = new LinkedHashMap<>();
        for (EnvVar variable : container.getEnv()) {
            String value = variable.getValueFrom() == null
                    ? expand(Objects.requireNonNullElse(variable.getValue(), ""), variables)
                    : value(variable.getValueFrom());
            variables.put(variable.getName(), value);
        }
        return variables;
    }

    /** Replaces {@code $(NAME)} by the value of a known variable, and {@code $$} by {@code $}. */
    static String expand(String text, Map<String, String> variables) {
        Matcher reference = REFERENCE.matcher(text);
        return reference.replaceAll(match -> {
            String name = match.group(1);
            String value = name == null ? "$" : variables.getOrDefault(name, match.group());
            return Matcher.quoteReplacement(value);
        });
    }

    private String value(EnvVarSource from) throws NotStartable {
        if (from.getFieldRef() != null) {
            return field(from.getFieldRef().getFieldPath());
        }
        if (from.getSecretKeyRef() != null) {
            return secret(
                    from.getSecretKeyRef().getName(), from.getSecretKeyRef().getKey());
        }
        throw new NotStartable("CreateContainerConfigError", "a valueFrom that is not simulated: " + from);
    }

    private String secret(String name, String key) throws NotStartable {
        Secret secret = secrets.apply(name)
                .orElseThrow(() -> new NotStartable("CreateContainerConfigError", "secret \"" + name + "\" not found"));
        String value = Objects.requireNonNullElse(secret.getData(), Map.<String, String>of())
                .get(key);
        if (value == null) {
            throw new NotStartable(
                    "CreateContainerConfigError", "couldn't find key " + key + " in secret \"" + name + "\"");
        }
        return new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
    }

    private String field(String path) throws NotStartable {
        return switch (path) {
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "spec.nodeName" -> pod.getSpec().getNodeName();
            case "status.hostIP", "status.podIP" -> ip;
            default -> throw new NotStartable("CreateContainerConfigError", "unsupported fieldPath " + path);
        };
    }
}
