package ml.helix.wolf.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.Kstatus;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.operator.observed.Obstacle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.lib.jse.JsePlatform;

/** How Argo CD, by our script, and kstatus, by its generic rules, judge the same statuses. */
class GitOpsHealthTest {
    private static final Path SCRIPT = Path.of("../manifests/argocd/health.lua");

    static Stream<Arguments> scenes() {
        return Stream.of(
                Arguments.of("connected", Scene.nodes(1).connected("a"), "Healthy", "Current"),
                Arguments.of("no node", Scene.nodes(0), "Healthy", "Current"),
                Arguments.of("rolling out", Scene.nothingThere(), "Progressing", "InProgress"),
                Arguments.of("pod starts", Scene.nodes(1).starting("a"), "Progressing", "InProgress"),
                Arguments.of(
                        "secret missing",
                        Scene.nothingThere().obstacle(new Obstacle.RunnerTokenMissing("m")),
                        "Degraded",
                        "Failed"),
                Arguments.of("401", Scene.nodes(1).failing("a", "Unauthorized", "m"), "Degraded", "Failed"),
                Arguments.of("crash loop", Scene.nodes(1).waiting("a", "CrashLoopBackOff"), "Degraded", "Failed"),
                Arguments.of("down", Scene.nodes(1).failing("a", "ConnectFailure", "m"), "Degraded", "InProgress"),
                Arguments.of("pods forbidden", Scene.nodes(1).forbidden("m"), "Degraded", "Failed"),
                Arguments.of(
                        "in deletion",
                        Scene.nodes(1).connected("a").obstacle(new Obstacle.Terminating("m")),
                        "Progressing",
                        "InProgress"),
                Arguments.of("Wolf down", Scene.nodes(1).connected("a", 1, Optional.of(false)), "Healthy", "Current"),
                Arguments.of("node lost", Scene.nodes(1).lost("a"), "Degraded", "InProgress"),
                Arguments.of("paused, as it is", Scene.nodes(1).connected("a").paused(false), "Healthy", "Current"),
                Arguments.of(
                        "paused with changes", Scene.nodes(1).connected("a").paused(true), "Suspended", "InProgress"));
    }

    @ParameterizedTest(name = "{0}: {2}, {3}")
    @MethodSource("scenes")
    void sceneHasItsHealth(String name, Scene scene, String argo, String kstatus) throws IOException {
        var tunnel = tunnel(Status.of(scene.observed(), null, Instant.EPOCH), 1);
        assertThat(argo(tunnel)).isEqualTo(argo);
        assertThat(Kstatus.of(tunnel)).isEqualTo(kstatus);
    }

    @Test
    void wolfTunnelThatNoOperatorHasSeenIsProgressing() throws IOException {
        var unseen = new KubernetesSerialization().unmarshal("observedGeneration: -1", WolfTunnelStatus.class);
        assertThat(argo(tunnel(unseen, 1))).isEqualTo("Progressing");
        assertThat(Kstatus.of(tunnel(unseen, 1))).isEqualTo("InProgress");
    }

    @Test
    void wolfTunnelOfAnOlderCrdWithoutAnyStatusIsProgressing() throws IOException {
        assertThat(argo(tunnel(null, 1))).isEqualTo("Progressing");
    }

    @Test
    void statusOfAnOlderGenerationIsProgressing() throws IOException {
        var connected = Status.of(Scene.nodes(1).connected("a").observed(), null, Instant.EPOCH);
        assertThat(argo(tunnel(connected, 2))).isEqualTo("Progressing");
        assertThat(Kstatus.of(tunnel(connected, 2))).isEqualTo("InProgress");
    }

    private static JsonNode tunnel(@Nullable WolfTunnelStatus status, long generation) throws IOException {
        WolfTunnel tunnel = WolfTunnelYaml.resource("{}");
        tunnel.setStatus(status);
        tunnel.getMetadata().setGeneration(generation);
        return new ObjectMapper().readTree(new KubernetesSerialization().asJson(tunnel));
    }

    private static String argo(JsonNode tunnel) throws IOException {
        var lua = JsePlatform.standardGlobals();
        lua.set("obj", value(tunnel));
        var health = lua.load(Files.readString(SCRIPT)).call();
        assertThat(health.get("message").tojstring()).isNotBlank();
        return health.get("status").tojstring();
    }

    private static LuaValue value(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                var table = new LuaTable();
                node.properties().forEach(field -> table.set(field.getKey(), value(field.getValue())));
                yield table;
            }
            case ARRAY -> {
                var table = new LuaTable();
                for (int i = 0; i < node.size(); i++) {
                    table.set(i + 1, value(node.get(i)));
                }
                yield table;
            }
            case NUMBER -> LuaValue.valueOf(node.asDouble());
            case BOOLEAN -> LuaValue.valueOf(node.asBoolean());
            case STRING -> LuaValue.valueOf(node.asText());
            default -> LuaValue.NIL;
        };
    }
}
