package ml.helix.wolf.kubectl.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import ml.helix.wolf.kubectl.output.Format;
import org.junit.jupiter.api.Test;

/** The keys are what programs rely on. */
class StatusJsonTest {
    private final StatusJson json = new StatusJson(Advice.ofThisBuild());

    @Test
    void theKeysAreThese() {
        var one = json.of(List.of(Scene.broken())).path("wolfTunnels").get(0);

        assertThat(one.fieldNames())
                .toIterable()
                .containsExactly(
                        "namespace",
                        "name",
                        "current",
                        "ready",
                        "reason",
                        "message",
                        "advice",
                        "acts",
                        "desired",
                        "updated",
                        "connected",
                        "wolf",
                        "urls",
                        "tunnels",
                        "omittedTunnels");
        assertThat(one.path("tunnels").get(0).fieldNames())
                .toIterable()
                .containsExactly(
                        "node",
                        "pod",
                        "id",
                        "state",
                        "reason",
                        "message",
                        "advice",
                        "acts",
                        "since",
                        "connects",
                        "agentVersion");
        assertThat(one.path("tunnels").get(0).path("id").asText()).isEqualTo("wolf-gpu-3");
    }

    @Test
    void whatNobodyHasCountedYetIsNull() {
        var one = json.of(List.of(Scene.wolfTunnel("observedGeneration: -1")))
                .path("wolfTunnels")
                .get(0);

        assertThat(one.path("connected").isNull()).isTrue();
        assertThat(one.path("ready").asText()).isEqualTo("Unknown");
    }

    @Test
    void yamlKeepsWordsThatLookLikeOtherTypes() {
        assertThat(Format.yaml.write(json.of(List.of(Scene.broken())))).contains("ready: \"False\"\n");
    }
}
