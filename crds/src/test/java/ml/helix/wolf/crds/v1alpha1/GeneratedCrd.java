package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceConversionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The CRD of the Java types, written as the API server stores it, so that no tool sees a difference between the file and
 * the cluster. Fabric8's generator does most of it. Added here is what it can't express: the order of the columns, empty
 * defaults (which let the defaults inside them apply), list types and the pattern of quantities. And each rule is kept once:
 * the generator finds a record's annotations on the field and on the accessor.
 */
final class GeneratedCrd {
    private static final List<String> COLUMNS =
            List.of("READY", "CONNECTED", "WOLF", "REASON", "SESSIONS", "URL", "AGE");

    /** Fields, or maps of fields, that are Kubernetes quantities. */
    private static final Set<String> QUANTITIES = Set.of("limits", "requests", "sizeLimit", "divisor");

    private static final Set<String> OTHER_INTEGERS_OR_STRINGS = Set.of("port", "maxSurge", "maxUnavailable");

    /** What Kubernetes parses as a quantity and allows for a resource, which is never negative. */
    private static final String QUANTITY =
            "^\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,3})?$";

    private GeneratedCrd() {}

    static String yaml() {
        var text = new ByteArrayOutputStream();
        new CRDGenerator()
                .customResourceClasses(WolfTunnel.class)
                .withMinQuotes(true)
                .withParallelGenerationEnabled(false)
                .withPostProcessor(new Completion())
                .withOutput(new SingleOutput(text))
                .generate();
        var yaml = text.toString(StandardCharsets.UTF_8).replaceAll("(?m)^( *m(?:ax|in)imum: \\d+)\\.0$", "$1");
        return "# Generated from the Java types in crds/; regenerate with ./mvnw test -pl crds -Dcrd.write\n"
                + yaml.substring(yaml.indexOf('\n') + 1);
    }

    private static final class Completion implements CRDPostProcessor {
        @Override
        public HasMetadata process(HasMetadata crd, String crdSpecVersion) {
            return completed(crd);
        }
    }

    private static HasMetadata completed(HasMetadata resource) {
        var crd = (CustomResourceDefinition) resource;
        crd.getSpec()
                .setConversion(new CustomResourceConversionBuilder()
                        .withStrategy("None")
                        .build());
        crd.getSpec().getNames().setListKind(crd.getSpec().getNames().getKind() + "List");
        var version = crd.getSpec().getVersions().getFirst();
        var columns = version.getAdditionalPrinterColumns();
        columns.sort(
                Comparator.comparing((CustomResourceColumnDefinition column) -> COLUMNS.indexOf(column.getName())));
        for (var column : columns) {
            column.setPriority(column.getPriority() == 0 ? null : column.getPriority());
        }
        var root = version.getSchema().getOpenAPIV3Schema();
        eachRuleOnce(root);
        root.setRequired(List.of("spec"));

        var spec = root.getProperties().get("spec").getProperties();
        for (var optional : List.of("wolfId", "wolf", "agent", "pod")) {
            spec.get(optional).setDefault(JsonNodeFactory.instance.objectNode());
        }
        spec.get("wolfId").getProperties().get("prefix").setDefault(JsonNodeFactory.instance.textNode(""));
        keyedBy("name", spec.get("agent").getProperties().get("env"));
        keyedBy("name", spec.get("pod").getProperties().get("volumes"));

        integersOrStrings("", root);
        var status = root.getProperties().get("status");
        status.setDefault(JsonNodeFactory.instance.objectNode().put("observedGeneration", -1));

        var conditions = status.getProperties().get("conditions");
        keyedBy("type", conditions);
        conditions
                .getItems()
                .getSchema()
                .setRequired(List.of("lastTransitionTime", "message", "reason", "status", "type"));
        return crd;
    }

    private static void keyedBy(String key, JSONSchemaProps list) {
        list.setXKubernetesListType("map");
        list.setXKubernetesListMapKeys(List.of(key));
        list.getItems().getSchema().setRequired(List.of(key));
    }

    /**
     * Gives quantities a pattern: without it the API server accepts any string here, and refuses it in the DaemonSet only.
     * Removes the generator's anyOf, so that a value of a wrong type is refused with one line instead of three.
     */
    private static void integersOrStrings(String name, JSONSchemaProps schema) {
        if (Boolean.TRUE.equals(schema.getXKubernetesIntOrString())) {
            schema.setAnyOf(null);
            if (QUANTITIES.contains(name)) {
                schema.setPattern(QUANTITY);
            } else if (!OTHER_INTEGERS_OR_STRINGS.contains(name)) {
                throw new IllegalStateException("is " + name + " a quantity?");
            }
        }
        if (schema.getProperties() != null) {
            schema.getProperties().forEach(GeneratedCrd::integersOrStrings);
        }
        if (schema.getItems() != null) {
            integersOrStrings(name, schema.getItems().getSchema());
        }
        if (schema.getAdditionalProperties() != null) {
            integersOrStrings(name, schema.getAdditionalProperties().getSchema());
        }
    }

    private static void eachRuleOnce(JSONSchemaProps schema) {
        var rules = schema.getXKubernetesValidations();
        if (rules != null) {
            schema.setXKubernetesValidations(new ArrayList<ValidationRule>(new LinkedHashSet<>(rules)));
        }
        if (schema.getProperties() != null) {
            for (Map.Entry<String, JSONSchemaProps> property :
                    schema.getProperties().entrySet()) {
                eachRuleOnce(property.getValue());
            }
        }
    }

    private record SingleOutput(ByteArrayOutputStream text) implements CRDGenerator.CRDOutput<ByteArrayOutputStream> {
        @Override
        public ByteArrayOutputStream outputFor(String name) {
            return text;
        }

        @Override
        public void close() {
            try {
                text.close();
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }
}
