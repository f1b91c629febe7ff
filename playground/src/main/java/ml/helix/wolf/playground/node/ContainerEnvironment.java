package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A container's environment as its kubelet resolves it: values, {@code $(VAR)}, fieldRef, secretKeyRef, configMapKeyRef. */
final class ContainerEnvironment {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\$|\\$\\(([^()$]+)\\)");
    private static final Pattern KEYED = Pattern.compile("metadata\\.(labels|annotations)\\['([^']+)']");

    private final Pod pod;
    private final String ip;
    private final ConfigSource source;

    /**
     * @param ip the pod's and its host's
     */
    ContainerEnvironment(Pod pod, String ip, ConfigSource source) {
        this.pod = pod;
        this.ip = ip;
        this.source = source;
    }

    /**
     * The variables in the order of their definition.
     *
     * @throws NotStartable for an absent Secret, ConfigMap or key that isn't optional, and for a field nobody knows
     */
    Map<String, String> of(Container container) throws NotStartable {
        Map<String, String> variables = new LinkedHashMap<>();
        for (EnvFromSource from : container.getEnvFrom()) {
            String prefix = Objects.requireNonNullElse(from.getPrefix(), "");
            all(from).forEach((key, value) -> variables.put(prefix + key, text(value)));
        }
        for (EnvVar variable : container.getEnv()) {
            if (variable.getValueFrom() == null) {
                variables.put(
                        variable.getName(), expand(Objects.requireNonNullElse(variable.getValue(), ""), variables));
            } else {
                Optional<String> value = value(variable.getValueFrom());
                value.ifPresent(text -> variables.put(variable.getName(), text));
            }
        }
        return variables;
    }

    /** Replaces {@code $(NAME)} where NAME is known, and {@code $$} by {@code $}. */
    static String expand(String text, Map<String, String> variables) {
        Matcher reference = REFERENCE.matcher(text);
        return reference.replaceAll(match -> {
            String name = match.group(1);
            String value = name == null ? "$" : variables.getOrDefault(name, match.group());
            return Matcher.quoteReplacement(value);
        });
    }

    private Optional<String> value(EnvVarSource from) throws NotStartable {
        if (from.getFieldRef() != null) {
            return Optional.of(field(from.getFieldRef().getFieldPath()));
        }
        if (from.getSecretKeyRef() != null) {
            var key = from.getSecretKeyRef();
            return key(source.secret(key.getName()), "secret", key.getName(), key.getKey(), key.getOptional());
        }
        if (from.getConfigMapKeyRef() != null) {
            var key = from.getConfigMapKeyRef();
            return key(source.configMap(key.getName()), "configmap", key.getName(), key.getKey(), key.getOptional());
        }
        throw new NotStartable("CreateContainerConfigError", "a valueFrom that is not simulated here: " + from);
    }

    private static Optional<String> key(
            Optional<Map<String, byte[]>> values, String kind, String name, String key, Boolean optional)
            throws NotStartable {
        byte[] value = values.map(found -> found.get(key)).orElse(null);
        if (value != null) {
            return Optional.of(text(value));
        }
        if (Boolean.TRUE.equals(optional)) {
            return Optional.empty();
        }
        throw new NotStartable(
                "CreateContainerConfigError",
                values.isEmpty()
                        ? kind + " \"" + name + "\" not found"
                        : "couldn't find key " + key + " in " + kind + " \"" + name + "\"");
    }

    private Map<String, byte[]> all(EnvFromSource from) throws NotStartable {
        boolean secret = from.getSecretRef() != null;
        String name =
                secret ? from.getSecretRef().getName() : from.getConfigMapRef().getName();
        Boolean optional = secret
                ? from.getSecretRef().getOptional()
                : from.getConfigMapRef().getOptional();
        Optional<Map<String, byte[]>> values = secret ? source.secret(name) : source.configMap(name);
        if (values.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new NotStartable(
                    "CreateContainerConfigError", (secret ? "secret" : "configmap") + " \"" + name + "\" not found");
        }
        return values.orElse(Map.of());
    }

    private String field(String path) throws NotStartable {
        Matcher keyed = KEYED.matcher(path);
        if (keyed.matches()) {
            Map<String, String> map = keyed.group(1).equals("labels")
                    ? pod.getMetadata().getLabels()
                    : pod.getMetadata().getAnnotations();
            return Objects.requireNonNullElse(map, Map.<String, String>of()).getOrDefault(keyed.group(2), "");
        }
        return switch (path) {
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "metadata.uid" -> pod.getMetadata().getUid();
            case "spec.nodeName" -> pod.getSpec().getNodeName();
            case "spec.serviceAccountName" ->
                Objects.requireNonNullElse(pod.getSpec().getServiceAccountName(), "default");
            case "status.hostIP", "status.podIP" -> ip;
            case "status.hostIPs", "status.podIPs" -> String.join(",", List.of(ip));
            default -> throw new NotStartable("CreateContainerConfigError", "unsupported fieldPath " + path);
        };
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }
}
