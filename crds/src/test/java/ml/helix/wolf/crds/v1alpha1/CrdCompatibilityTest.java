package ml.helix.wolf.crds.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrdCompatibilityTest {
    private static final Path RELEASED = Path.of("released");
    private static final Path ACKNOWLEDGED = RELEASED.resolve("acknowledged.txt");
    private static final Path COMMITTED = Path.of("../manifests/crds/wolftunnels.wolf.helix.ml.yaml");
    private static final String FIELD = "type: string, maxLength: 10, minLength: 1";

    @Test
    void committedCrdTakesNothingAwayFromAnyRelease() throws IOException {
        var now = read(COMMITTED);
        var acknowledged = new ArrayList<>(Files.readAllLines(ACKNOWLEDGED).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList());
        try (var releases = Files.newDirectoryStream(RELEASED, "*.yaml")) {
            var unacceptable = new ArrayList<String>();
            var used = new ArrayList<String>();
            int compared = 0;
            for (var release : releases) {
                compared++;
                for (var broken : CrdCompatibility.breaks(read(release), now)) {
                    if (broken.judgeable() && acknowledged.contains(broken.what())) {
                        used.add(broken.what());
                    } else {
                        unacceptable.add(release.getFileName() + ": " + broken.what());
                    }
                }
            }
            assertThat(compared).as("releases to compare with").isPositive();
            assertThat(unacceptable)
                    .as("CONTRIBUTING.md, \"Releases\", says what may be acknowledged and how")
                    .isEmpty();
            acknowledged.removeAll(used);
            assertThat(acknowledged).as("acknowledged, but not there").isEmpty();
        }
    }

    @Test
    void sameCrdBreaksNothing() {
        assertThat(breaks(FIELD, FIELD)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "type: string                        | type: integer                       | type is integer, was string",
                "type: string, maxLength: 10         | type: string, maxLength: 9          | maxLength is 9, was 10",
                "type: string                        | type: string, maxLength: 9          | maxLength is 9, was none",
                "type: string                        | type: string, minLength: 1          | minLength is 1, was none",
                "type: integer, minimum: 1           | type: integer, minimum: 2           | minimum is 2",
                "type: integer, maximum: 9           | type: integer, maximum: 8           | maximum is 8",
                "type: array, items: {type: string}  | type: array, items: {type: integer} | v1.f[]: type is integer",
                "type: string, enum: [a, b]          | type: string, enum: [a]             | value \"b\" is gone",
                "type: string                        | type: string, enum: [a]             | only certain values",
                "type: string, default: a            | type: string                        | the default is gone",
                "type: string, nullable: true        | type: string                        | nullable: no longer taken",
                "type: object, properties: {a: {type: string}} | type: object              | v1.f.a: is gone",
                "type: object, properties: {a: {type: string}} | type: object, required: [a], properties: {a: {type: string}} | v1.f.a: is required now",
                "type: object, additionalProperties: {type: string} | type: object         | takes no keys of one's own",
                "type: object, x-kubernetes-preserve-unknown-fields: true | type: object    | unknown fields: no longer taken",
                "type: string, format: date-time     | type: string, format: date          | format is date",
                "type: array, x-kubernetes-list-type: set, items: {type: string} | type: array, items: {type: string} | list type is null",
            })
    void changeThatTakesSomethingAwayIsNeverAllowed(String released, String now, String why) {
        assertThat(breaks(released, now)).singleElement().satisfies(broken -> {
            assertThat(broken.what()).startsWith("v1.f").contains(why);
            assertThat(broken.judgeable()).isFalse();
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "type: string              | type: string, x-kubernetes-validations: [{rule: self != ''}] | a rule that was not there: self != ''",
                "type: string              | type: string, pattern: a+                                    | another pattern: a+",
                "type: string, pattern: a  | type: string, pattern: a+                                    | another pattern: a+",
                "type: string, default: a  | type: string, default: b                                     | the default is \"b\", was \"a\"",
            })
    void newRulePatternOrDefaultNeedsAPerson(String released, String now, String why) {
        assertThat(breaks(released, now)).singleElement().satisfies(broken -> {
            assertThat(broken.what()).isEqualTo("v1.f: " + why);
            assertThat(broken.judgeable()).isTrue();
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "type: string, maxLength: 10   | type: string, maxLength: 11",
                "type: string, maxLength: 10   | type: string",
                "type: integer, minimum: 1     | type: integer, minimum: 0",
                "type: string, enum: [a]       | type: string, enum: [a, b]",
                "type: string, enum: [a]       | type: string",
                "type: string, pattern: a      | type: string",
                "type: string                  | type: string, default: a",
                "type: string                  | type: string, nullable: true",
                "type: string, x-kubernetes-validations: [{rule: self != ''}] | type: string",
                "type: object, properties: {a: {type: string}} | type: object, properties: {a: {type: string}, b: {type: string, maxLength: 1}}",
                "type: object, properties: {a: {type: string}} | type: object, required: [a], properties: {a: {type: string, default: x}}",
            })
    void widerOrNewSchemaIsAllowed(String released, String now) {
        assertThat(breaks(released, now)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: v1, served: true       | name: v2, served: true        | version v1 is gone",
                "name: v1, served: true       | name: v1, served: false       | version v1 is no longer served",
                "kind: Thing                  | kind: Other                   | kind is Other, was Thing",
                "scope: Namespaced            | scope: Cluster                | scope is Cluster, was Namespaced",
                "shortNames: [t]              | shortNames: []                | short name t is gone",
                "subresources: {status: {}}   | subresources: {}              | version v1 has no status subresource any more",
            })
    void removedVersionNameOrScopeIsNeverAllowed(String part, String other, String why) {
        assertThat(CrdCompatibility.breaks(crd(FIELD), parse(text(FIELD).replace(part, other))))
                .contains(new CrdCompatibility.Break(why, false));
    }

    private static List<CrdCompatibility.Break> breaks(String released, String now) {
        return CrdCompatibility.breaks(crd(released), crd(now));
    }

    private static CustomResourceDefinition crd(String field) {
        return parse(text(field));
    }

    private static String text(String field) {
        return """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: things.example.com}
                spec:
                  group: example.com
                  scope: Namespaced
                  names: {kind: Thing, plural: things, shortNames: [t]}
                  versions:
                  - {name: v1, served: true, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object, properties: {f: {%s}}}}}
                """.formatted(field);
    }

    private static CustomResourceDefinition read(Path file) throws IOException {
        return parse(Files.readString(file));
    }

    private static CustomResourceDefinition parse(String yaml) {
        return new KubernetesSerialization().unmarshal(yaml, CustomResourceDefinition.class);
    }
}
