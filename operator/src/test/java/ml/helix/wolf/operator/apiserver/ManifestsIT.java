package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** kubectl applies the folders of manifests/. */
@ExtendWith(RealApiServer.class)
class ManifestsIT {
    private static final int AGENT_PORT = 9797;

    private Kubectl kubectl;

    @BeforeEach
    void prepare(RealApiServer.Running running, @TempDir Path folder) throws Exception {
        kubectl = new Kubectl(running, folder);
        try (var admin = running.client()) {
            for (var name : List.of("wolf", "wolf-system", "wolf-control-plane")) {
                RealApiServer.applyNamespace(admin, name);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "operator",
                "namespaced",
                "admission-policy",
                "network-policies",
                "drain-cordoned-nodes",
                "control-plane",
                "control-plane-h2"
            })
    void folderIsAcceptedAsItIs(String part) throws Exception {
        assertThat(kubectl.run("", "apply", "--server-side", "--dry-run=server", "-k", "../manifests/" + part))
                .contains("serverside-applied");
    }

    @Test
    void networkPolicyOfTheAgentsRestrictsTheirPortAndNoOther() throws Exception {
        kubectl.run("", "apply", "--server-side", "-k", "../manifests/network-policies");
        // fails if the API server keeps something else than was applied
        kubectl.run("", "diff", "--server-side", "-k", "../manifests/network-policies");
        var policy = new ObjectMapper()
                .readTree(kubectl.run("", "-n", "wolf", "get", "networkpolicy", "wolf-tunnel-agents", "-o", "json"));
        kubectl.run("", "delete", "-k", "../manifests/network-policies");
        var rules = policy.path("spec").path("ingress").valueStream().toList();
        assertThat(rules.stream().filter(rule -> admits(rule, AGENT_PORT)))
                .isNotEmpty()
                .allSatisfy(rule -> assertThat(rule.path("from")).isNotEmpty());
        assertThat(IntStream.rangeClosed(1, 65_535).filter(port -> rules.stream()
                        .noneMatch(rule -> rule.path("from").isEmpty() && admits(rule, port))))
                .containsExactly(AGENT_PORT);
    }

    private static boolean admits(JsonNode rule, int port) {
        return rule.path("ports")
                .valueStream()
                .filter(range -> range.path("protocol").asText().equals("TCP"))
                .anyMatch(range -> {
                    int first = range.path("port").asInt();
                    return first <= port && port <= range.path("endPort").asInt(first);
                });
    }
}
