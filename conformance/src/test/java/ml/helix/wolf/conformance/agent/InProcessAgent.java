package ml.helix.wolf.conformance.agent;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.agent.Agent;
import ml.helix.wolf.agent.AgentSettings;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/** An agent in this process, started as its main program starts it, and observed only through its monitoring port. */
final class InProcessAgent extends MonitoredAgent implements AutoCloseable {
    private final Agent agent;

    private InProcessAgent(Agent agent) {
        super(agent.address().orElseThrow());
        this.agent = agent;
    }

    static InProcessAgent start(Map<String, String> environment, List<String> flags) throws IOException {
        AgentSettings settings;
        try {
            settings = AgentSettings.of(
                    Settings.read(AgentSettings.PROGRAM, flags.toArray(String[]::new), environment), environment);
        } catch (UsageException e) {
            throw new IllegalArgumentException(e);
        }
        Agent agent = new Agent(settings);
        agent.start();
        return new InProcessAgent(agent);
    }

    /** Waits until the last error has this reason; returns the whole status. */
    JsonNode awaitReason(String reason) {
        return await(status -> status.path("lastError").path("reason").asText().equals(reason), "reason " + reason);
    }

    JsonNode awaitReason(Duration patience, String... any) {
        return await(
                patience,
                status -> List.of(any)
                        .contains(status.path("lastError").path("reason").asText()),
                "reason " + List.of(any));
    }

    JsonNode awaitState(String state) {
        return await(status -> status.path("state").asText().equals(state), "state " + state);
    }

    @Override
    public void close() {
        agent.close();
    }
}
