package ml.helix.wolf.kubectl.status;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.time.Instant;

/** WolfTunnels for tests. */
public final class Scene {
    public static final Instant NOW = Instant.parse("2026-01-02T12:00:00Z");

    private Scene() {}

    /** @param status YAML, not indented */
    public static WolfTunnel wolfTunnel(String status) {
        return read("""
                metadata: {namespace: wolf, name: gpu-nodes, generation: 3}
                spec:
                  controlPlane: {url: "https://helix.example.com"}
                  wolfId: {runnerPrefix: wolf-}
                status:
                %s
                """.formatted(status.indent(2)));
    }

    static WolfTunnel read(String yaml) {
        try {
            return WolfTunnel.of(new ObjectMapper(new YAMLFactory()).readTree(yaml));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** One node connected, two not, of which one needs somebody. */
    public static WolfTunnel broken() {
        return wolfTunnel("""
                observedGeneration: 3
                desired: 3
                updated: 3
                connected: 1
                summary: 1/3 connected
                wolf: 1/1 reachable
                conditions:
                - {type: Ready, status: "False", reason: Unauthorized, message: 1 of 3 tunnels are connected}
                - {type: Stalled, status: "True", reason: Unauthorized, message: somebody}
                tunnels:
                - {node: gpu-3, pod: a-3, wolfId: gpu-3, state: Disconnected, reason: Unauthorized, message: the control plane refuses the token, since: "2026-01-02T11:56:00Z", connects: 0}
                - {node: gpu-2, pod: a-2, wolfId: gpu-2, state: Disconnected, reason: ConnectFailure, message: no answer, since: "2026-01-02T10:00:00Z", connects: 4}
                - {node: gpu-1, pod: a-1, wolfId: gpu-1, state: Connected, since: "2025-12-24T12:00:00Z", connects: 1, agentVersion: 0.1.0}
                """);
    }
}
