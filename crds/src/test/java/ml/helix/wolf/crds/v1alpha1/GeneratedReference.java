package ml.helix.wolf.crds.v1alpha1;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** docs/wolftunnel.md, made from the generated CRD: a table for each object, with types, defaults, limits and rules. */
final class GeneratedReference {
    /** Fields that have a type of Kubernetes; what is inside them is Kubernetes' to explain. */
    private static final Map<String, String> KUBERNETES_TYPES = Map.of(
            "container", "Container",
            "resources", "ResourceRequirements",
            "env", "EnvVar",
            "affinity", "Affinity",
            "securityContext", "PodSecurityContext",
            "tolerations", "Toleration",
            "volumes", "Volume",
            "imagePullSecrets", "LocalObjectReference",
            "updateStrategy", "DaemonSetUpdateStrategy",
            "conditions", "Condition");

    private final StringBuilder text = new StringBuilder();

    private GeneratedReference() {}

    static String markdown() {
        var crd = new KubernetesSerialization().unmarshal(GeneratedCrd.yaml(), CustomResourceDefinition.class);
        var version = crd.getSpec().getVersions().getFirst();
        var root = version.getSchema().getOpenAPIV3Schema();
        var reference = new GeneratedReference();
        reference.text.append("""
                <!-- Generated from the Java types in crds/; regenerate with ./mvnw test -pl crds -Dcrd.write -->
                # WolfTunnel: every field

                `apiVersion: %s/%s`, `kind: %s`, short name `%s`. `kubectl explain wolftunnel.spec --recursive` says the same of your cluster's version. An **object** has a table of its own
                below. What the API server refuses, it refuses with the sentence that stands here as a rule. Types in *italics* are Kubernetes' own; `kubectl explain` has their fields.
                [status.md](status.md) explains the status, [the examples](../manifests/examples) are whole WolfTunnels.
                """.formatted(
                        crd.getSpec().getGroup(),
                        version.getName(),
                        crd.getSpec().getNames().getKind(),
                        crd.getSpec().getNames().getShortNames().getFirst()));
        for (var part : List.of("spec", "status")) {
            reference.section(part, root.getProperties().get(part));
        }
        return reference.text.toString();
    }

    private void section(String path, JSONSchemaProps object) {
        text.append("\n## ").append(path).append("\n\n");
        if (object.getDescription() != null) {
            text.append(plain(object.getDescription())).append("\n\n");
        }
        text.append("| field | type | default | |\n|---|---|---|---|\n");
        var required = requireNonNullElse(object.getRequired(), List.<String>of());
        var objects = new ArrayList<Runnable>();
        object.getProperties().forEach((name, field) -> {
            text.append("| `").append(name).append("` | ");
            text.append(type(name, field)).append(" | ");
            text.append(required.contains(name) ? "**required**" : standard(field));
            text.append(" | ").append(about(field)).append(" |\n");
            var inside = ours(name, field);
            if (inside != null) {
                objects.add(() -> section(path + "." + name + (inside == field ? "" : "[]"), inside));
            }
        });
        rules(object).forEach(rule -> text.append("\nRule: ").append(rule).append(".\n"));
        objects.forEach(Runnable::run);
    }

    /** The object in this field that has a table of its own, or null. */
    private static @Nullable JSONSchemaProps ours(String name, JSONSchemaProps field) {
        var inside = field.getItems() == null ? field : field.getItems().getSchema();
        var hasFields =
                inside.getProperties() != null && !inside.getProperties().isEmpty();
        if (!hasFields || KUBERNETES_TYPES.containsKey(name)) {
            return null;
        }
        inside.getProperties().forEach((inner, schema) -> {
            if (schema.getDescription() == null) {
                throw new IllegalStateException(name + "." + inner + " has no description");
            }
        });
        return inside;
    }

    private static String type(String name, JSONSchemaProps field) {
        var kubernetes = KUBERNETES_TYPES.get(name);
        if (field.getItems() != null) {
            return "list of "
                    + (kubernetes == null ? type(name, field.getItems().getSchema()) : "*" + kubernetes + "*");
        }
        if (kubernetes != null) {
            return "*" + kubernetes + "*";
        }
        if (field.getAdditionalProperties() != null) {
            return "map of " + field.getAdditionalProperties().getSchema().getType() + "s";
        }
        return field.getType();
    }

    private static String standard(JSONSchemaProps field) {
        return field.getDefault() == null || field.getDefault().isContainerNode() ? "" : "`" + field.getDefault() + "`";
    }

    private static String about(JSONSchemaProps field) {
        var sentences = new ArrayList<String>();
        sentences.add(plain(requireNonNullElse(field.getDescription(), "")));
        if (field.getEnum() != null && !field.getEnum().isEmpty()) {
            sentences.add("One of "
                    + field.getEnum().stream()
                            .map(value -> "`" + value.asText() + "`")
                            .collect(Collectors.joining(", "))
                    + ".");
        }
        limits(sentences, "%s to %s.", whole(field.getMinimum()), whole(field.getMaximum()));
        limits(sentences, "%s to %s characters.", field.getMinLength(), field.getMaxLength());
        limits(sentences, "%s to %s entries.", field.getMinItems(), field.getMaxItems());
        limits(sentences, "%s to %s entries.", field.getMinProperties(), field.getMaxProperties());
        var ownRules =
                field.getProperties() == null || field.getProperties().isEmpty() ? rules(field) : List.<String>of();
        ownRules.forEach(rule -> sentences.add("*Rule:* " + rule + "."));
        return sentences.stream().filter(sentence -> !sentence.isEmpty()).collect(Collectors.joining(" "));
    }

    private static @Nullable Long whole(@Nullable Double limit) {
        return limit == null ? null : limit.longValue();
    }

    private static void limits(List<String> sentences, String both, @Nullable Long least, @Nullable Long most) {
        if (most != null) {
            sentences.add(least == null ? both.replace("%s to %s", "At most " + most) : both.formatted(least, most));
        } else if (least != null) {
            sentences.add(both.replace("%s to %s", "At least " + least));
        }
    }

    private static List<String> rules(JSONSchemaProps schema) {
        return requireNonNullElse(schema.getXKubernetesValidations(), List.<ValidationRule>of()).stream()
                .map(rule -> plain(rule.getMessage()))
                .toList();
    }

    /** Without characters that mean something to Markdown or end a cell of a table. */
    private static String plain(String sentence) {
        return sentence.replaceAll("[*_<|]", "\\\\$0");
    }
}
