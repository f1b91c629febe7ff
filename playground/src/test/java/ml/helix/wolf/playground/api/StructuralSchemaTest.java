package ml.helix.wolf.playground.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.junit.jupiter.api.Test;

class StructuralSchemaTest {
    private final StructuralSchema schema = new StructuralSchema(Serialization.unmarshal("""
            type: object
            required: [spec]
            properties:
              spec:
                type: object
                required: [url]
                properties:
                  url: {type: string, pattern: '^https?://'}
                  port: {type: integer, minimum: 1, maximum: 65535, default: 9797}
                  mode: {type: string, enum: [Env, File]}
                  agent:
                    type: object
                    default: {}
                    properties: {level: {type: string, default: info}}
                  labels: {type: object, additionalProperties: {type: string}}
                  rows:
                    type: array
                    x-kubernetes-list-type: map
                    x-kubernetes-list-map-keys: [node]
                    items: {type: object, properties: {node: {type: string}, kind: {type: string, default: x}}}
            """, JsonNode.class));

    @Test
    void defaultsAreFilledInAtEveryDepth() {
        ObjectNode object = object("spec: {url: 'http://a', rows: [{node: n}]}");

        schema.fillIn(object);

        assertThat(object.path("spec"))
                .isEqualTo(object("{url: 'http://a', port: 9797, agent: {level: info}, rows: [{node: n, kind: x}]}"));
    }

    @Test
    void everyMisfitIsNamed() {
        assertThat(schema.problems(object("spec: {url: 'ftp://a', port: 0, mode: Mail, rows: 7}")))
                .containsExactlyInAnyOrder(
                        "spec.url: Invalid value: \"ftp://a\": should match ^https?://",
                        "spec.port: Invalid value: 0: should be greater than or equal to 1",
                        "spec.mode: Unsupported value: \"Mail\": supported values: [\"Env\",\"File\"]",
                        "spec.rows: Invalid value: must be of type array");
        assertThat(schema.problems(object("spec: {}"))).containsExactly("spec.url: Required value");
        assertThat(schema.problems(object("{}"))).containsExactly("spec: Required value");
        assertThat(schema.problems(object("spec: {url: 'http://a'}"))).isEmpty();
    }

    @Test
    void listsThatTheSchemaCallsMapsAreMergedByTheirKeys() {
        assertThat(schema.listKeys().of(List.of("spec", "rows"))).containsExactly("node");
        assertThat(schema.listKeys().of(List.of("spec", "labels"))).isEmpty();
        assertThat(schema.listKeys().of(List.of("metadata", "ownerReferences"))).containsExactly("uid");
    }

    private static ObjectNode object(String yaml) {
        return Serialization.unmarshal("---\n" + yaml, ObjectNode.class);
    }
}
