package ml.helix.wolf.crds.v1alpha1;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds what a CRD breaks for those who rely on a released one: manifests, objects in clusters, clients. What was valid must
 * stay valid, mean the same, and lose no field.
 */
final class CrdCompatibility {
    /**
     * @param what one line that names the place
     * @param judgeable whether a person may decide that it hurts nobody, and acknowledge it; if not, it is never allowed
     */
    record Break(String what, boolean judgeable) {}

    private final List<Break> breaks = new ArrayList<>();

    private CrdCompatibility() {}

    static List<Break> breaks(CustomResourceDefinition released, CustomResourceDefinition now) {
        var comparison = new CrdCompatibility();
        comparison.names(released, now);
        var versions = now.getSpec().getVersions().stream()
                .collect(Collectors.toMap(CustomResourceDefinitionVersion::getName, Function.identity()));
        for (var version : released.getSpec().getVersions()) {
            comparison.version(version, versions.get(version.getName()));
        }
        return List.copyOf(comparison.breaks);
    }

    private void names(CustomResourceDefinition released, CustomResourceDefinition now) {
        var before = released.getSpec();
        var after = now.getSpec();
        same("", "group", before.getGroup(), after.getGroup());
        same("", "scope", before.getScope(), after.getScope());
        same("", "kind", before.getNames().getKind(), after.getNames().getKind());
        same("", "plural", before.getNames().getPlural(), after.getNames().getPlural());
        missing(before.getNames().getShortNames(), after.getNames().getShortNames())
                .forEach(name -> never("short name " + name + " is gone"));
    }

    private void version(CustomResourceDefinitionVersion before, CustomResourceDefinitionVersion after) {
        var name = before.getName();
        if (after == null) {
            never("version " + name + " is gone");
            return;
        }
        boolean needed = Boolean.TRUE.equals(before.getServed()) || Boolean.TRUE.equals(before.getStorage());
        if (needed && !Boolean.TRUE.equals(after.getServed())) {
            never("version " + name + " is no longer served");
        }
        if (before.getSubresources() != null
                && before.getSubresources().getStatus() != null
                && (after.getSubresources() == null || after.getSubresources().getStatus() == null)) {
            never("version " + name + " has no status subresource any more");
        }
        schema(name, before.getSchema().getOpenAPIV3Schema(), after.getSchema().getOpenAPIV3Schema());
    }

    private void schema(String at, JSONSchemaProps before, JSONSchemaProps after) {
        same(at, "type", before.getType(), after.getType());
        same(at, "format", before.getFormat(), after.getFormat());
        same(at, "list type", before.getXKubernetesListType(), after.getXKubernetesListType());
        same(at, "list keys", before.getXKubernetesListMapKeys(), after.getXKubernetesListMapKeys());
        kept(at, "nullable", before.getNullable(), after.getNullable());
        kept(at, "int-or-string", before.getXKubernetesIntOrString(), after.getXKubernetesIntOrString());
        kept(
                at,
                "unknown fields",
                before.getXKubernetesPreserveUnknownFields(),
                after.getXKubernetesPreserveUnknownFields());
        limits(at, before, after);
        values(at, before, after);
        rules(at, before, after);
        inside(at, before, after);
    }

    private void limits(String at, JSONSchemaProps before, JSONSchemaProps after) {
        atMost(at, "maximum", before.getMaximum(), after.getMaximum());
        atMost(at, "maxLength", before.getMaxLength(), after.getMaxLength());
        atMost(at, "maxItems", before.getMaxItems(), after.getMaxItems());
        atMost(at, "maxProperties", before.getMaxProperties(), after.getMaxProperties());
        atLeast(at, "minimum", before.getMinimum(), after.getMinimum());
        atLeast(at, "minLength", before.getMinLength(), after.getMinLength());
        atLeast(at, "minItems", before.getMinItems(), after.getMinItems());
        atLeast(at, "minProperties", before.getMinProperties(), after.getMinProperties());
        if (after.getPattern() != null && !after.getPattern().equals(before.getPattern())) {
            judge(at, "another pattern: " + after.getPattern());
        }
    }

    private void values(String at, JSONSchemaProps before, JSONSchemaProps after) {
        if (after.getEnum() != null && !after.getEnum().isEmpty()) {
            if (before.getEnum() == null || before.getEnum().isEmpty()) {
                never(at, "only certain values are taken");
            } else {
                missing(before.getEnum(), after.getEnum()).forEach(value -> never(at, "value " + value + " is gone"));
            }
        }
        if (before.getDefault() != null && after.getDefault() == null) {
            never(at, "the default is gone");
        } else if (before.getDefault() != null && !before.getDefault().equals(after.getDefault())) {
            judge(at, "the default is " + after.getDefault() + ", was " + before.getDefault());
        }
        for (var name : missing(after.getRequired(), before.getRequired())) {
            var field = properties(after).get(name);
            if (field == null || field.getDefault() == null) {
                never(at + "." + name, "is required now");
            }
        }
    }

    private void rules(String at, JSONSchemaProps before, JSONSchemaProps after) {
        var known = rules(before);
        rules(after).stream()
                .filter(rule -> !known.contains(rule))
                .forEach(rule -> judge(at, "a rule that was not there: " + rule));
    }

    private static List<String> rules(JSONSchemaProps schema) {
        return Stream.ofNullable(schema.getXKubernetesValidations())
                .flatMap(List::stream)
                .map(ValidationRule::getRule)
                .toList();
    }

    private void inside(String at, JSONSchemaProps before, JSONSchemaProps after) {
        properties(before).forEach((name, field) -> {
            var now = properties(after).get(name);
            if (now == null) {
                never(at + "." + name, "is gone");
            } else {
                schema(at + "." + name, field, now);
            }
        });
        if (before.getItems() != null && after.getItems() != null) {
            schema(at + "[]", before.getItems().getSchema(), after.getItems().getSchema());
        }
        if (before.getAdditionalProperties() != null
                && before.getAdditionalProperties().getSchema() != null) {
            if (after.getAdditionalProperties() == null
                    || after.getAdditionalProperties().getSchema() == null) {
                never(at, "takes no keys of one's own any more");
            } else {
                schema(
                        at + "{}",
                        before.getAdditionalProperties().getSchema(),
                        after.getAdditionalProperties().getSchema());
            }
        }
    }

    private static Map<String, JSONSchemaProps> properties(JSONSchemaProps schema) {
        return Objects.requireNonNullElse(schema.getProperties(), Map.of());
    }

    private static <T> List<T> missing(List<T> wanted, List<T> there) {
        var known = new HashSet<>(Objects.requireNonNullElse(there, List.<T>of()));
        return Objects.requireNonNullElse(wanted, List.<T>of()).stream()
                .filter(one -> !known.contains(one))
                .toList();
    }

    private void same(String at, String what, Object before, Object after) {
        if (!Objects.equals(emptied(before), emptied(after))) {
            never(at, what + " is " + after + ", was " + before);
        }
    }

    private static Object emptied(Object value) {
        return value instanceof List<?> list && list.isEmpty() ? null : value;
    }

    private void kept(String at, String what, Boolean before, Boolean after) {
        if (Boolean.TRUE.equals(before) && !Boolean.TRUE.equals(after)) {
            never(at, what + ": no longer taken");
        }
    }

    private void atMost(String at, String what, Number before, Number after) {
        if (after != null && (before == null || after.doubleValue() < before.doubleValue())) {
            never(at, what + " is " + after + ", was " + (before == null ? "none" : before));
        }
    }

    private void atLeast(String at, String what, Number before, Number after) {
        if (after != null && (before == null || after.doubleValue() > before.doubleValue())) {
            never(at, what + " is " + after + ", was " + (before == null ? "none" : before));
        }
    }

    private void never(String at, String what) {
        never(at.isEmpty() ? what : at + ": " + what);
    }

    private void never(String what) {
        breaks.add(new Break(what, false));
    }

    private void judge(String at, String what) {
        breaks.add(new Break(at + ": " + what, true));
    }
}
