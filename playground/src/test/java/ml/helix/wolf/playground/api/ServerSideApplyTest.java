package ml.helix.wolf.playground.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ServerSideApplyTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    private static final ObjectNode NOTHING = yaml("{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}}");

    @Test
    void anApplyCreatesAndSaysWhoOwnsWhat() {
        ObjectNode result = apply("op", NOTHING, "spec: {template: {spec: {containers: [{name: agent, image: a}]}}}");

        assertThat(result.at("/spec/template/spec/containers/0/image").asText()).isEqualTo("a");
        JsonNode managed = result.at("/metadata/managedFields/0");
        assertThat(managed.path("manager").asText()).isEqualTo("op");
        assertThat(managed.path("operation").asText()).isEqualTo("Apply");
        assertThat(managed.path("fieldsV1"))
                .isEqualTo(yaml("{'f:spec': {'f:template': {'f:spec': {'f:containers': "
                        + "{'k:{\"name\":\"agent\"}': {'.': {}, 'f:name': {}, 'f:image': {}}}}}}}"));
    }

    @Test
    void theSameApplyAgainChangesNothing() {
        String intent = "metadata: {labels: {a: b}}\nspec: {template: {spec: {containers: [{name: agent}]}}}";
        ObjectNode first = apply("op", NOTHING, intent);

        ObjectNode again = new ServerSideApply("op", "", ListKeys.builtIn(), NOON.plusSeconds(3600))
                .applied(first, intent(intent));

        assertThat(again).isEqualTo(first);
    }

    @Test
    void aFieldLeftOutIsRemovedUnlessAnotherManagerOwnsIt() {
        ObjectNode object = apply("op", NOTHING, "spec: {a: 1, b: 2, c: {d: 3}}");
        object = apply("other", object, "spec: {b: 2}");

        ObjectNode result = apply("op", object, "spec: {a: 1}");

        assertThat(result.path("spec")).isEqualTo(yaml("{a: 1, b: 2}"));
    }

    @Test
    void aFieldNobodyAppliedStays() {
        ObjectNode object = apply("op", NOTHING, "spec: {a: 1}");
        object.withObjectProperty("spec").put("defaulted", true);

        assertThat(apply("op", object, "spec: {a: 2}").path("spec")).isEqualTo(yaml("{a: 2, defaulted: true}"));
    }

    @Test
    void itemsOfAMergedListAreMatchedByTheirKeyAndRemovedAlone() {
        ObjectNode object = apply(
                "op", NOTHING, "spec: {containers: [{name: a, image: x, env: [{name: E, value: 1}]}, {name: b}]}");
        object = apply("injector", object, "spec: {containers: [{name: sidecar}]}");

        ObjectNode result = apply("op", object, "spec: {containers: [{name: a, image: y}]}");

        assertThat(result.at("/spec/containers"))
                .isEqualTo(yaml("[{name: a, image: y}, {name: sidecar}]", JsonNode.class));
    }

    @Test
    void aPortWithoutAProtocolIsTheTcpOne() {
        ObjectNode object = apply("op", NOTHING, "spec: {ports: [{containerPort: 9797, protocol: TCP}]}");

        assertThat(apply("op", object, "spec: {ports: [{containerPort: 9797, name: status}]}")
                        .at("/spec/ports"))
                .hasSize(1);
    }

    @Test
    void otherListsAreReplaced() {
        ObjectNode object = apply("op", NOTHING, "spec: {args: [a, b]}");

        assertThat(apply("op", object, "spec: {args: [c]}").at("/spec/args")).isEqualTo(yaml("[c]", JsonNode.class));
    }

    @Test
    void statusIsItsOwnSubresource() {
        ObjectNode object = apply("op", NOTHING, "spec: {a: 1}\nstatus: {x: 1}");
        assertThat(object.has("status")).isFalse();

        var status = new ServerSideApply("op", "status", ListKeys.builtIn(), NOON);
        object = status.applied(object, intent("spec: {a: 7}\nstatus: {x: 2, y: 3}"));
        assertThat(object.path("status")).isEqualTo(yaml("{x: 2, y: 3}"));
        assertThat(object.at("/spec/a").asInt()).isEqualTo(1);

        object = status.applied(object, intent("status: {x: 2}"));
        assertThat(object.path("status")).isEqualTo(yaml("{x: 2}"));
        assertThat(apply("op", object, "spec: {a: 1}").path("status")).isEqualTo(yaml("{x: 2}"));
    }

    @Test
    void identityAndTheServersMetadataAreNotOwned() {
        ObjectNode result = apply(
                "op", NOTHING, "metadata: {name: d, uid: u, resourceVersion: '7', managedFields: []}\nspec: {a: 1}");

        assertThat(result.at("/metadata/managedFields/0/fieldsV1")).isEqualTo(yaml("{'f:spec': {'f:a': {}}}"));
        assertThat(result.at("/metadata").has("uid")).isFalse();
    }

    private static ObjectNode apply(String manager, ObjectNode current, String intent) {
        return new ServerSideApply(manager, "", ListKeys.builtIn(), NOON).applied(current, intent(intent));
    }

    private static ObjectNode intent(String fields) {
        return yaml("apiVersion: apps/v1\nkind: DaemonSet\n" + fields);
    }

    private static ObjectNode yaml(String text) {
        return yaml(text, ObjectNode.class);
    }

    private static <T> T yaml(String text, Class<T> type) {
        return Serialization.unmarshal("---\n" + text, type);
    }
}
