package ml.helix.wolf.operator.agents;

import java.util.concurrent.Future;
import ml.helix.wolf.operator.observed.AgentAnswer;
import org.jspecify.annotations.Nullable;

/** An agent that is asked again and again. All fields are guarded by the {@link AgentPoller} it belongs to. */
final class PolledAgent<K> {
    final K owner;
    Prompt prompt;
    AgentAnswer answer = new AgentAnswer.None();
    /** The wait for the next question; null while the question is under way. */
    @Nullable
    Future<?> next;
    /** Whether that wait is only for its turn. */
    boolean inLine;
    /** Whether to ask at once when the question under way is answered. */
    boolean again;

    /** In a row. */
    int failures;

    PolledAgent(K owner, Prompt prompt) {
        this.owner = owner;
        this.prompt = prompt;
    }

    /**
     * What an agent's last answer depends on; a change of it is a reason to ask at once.
     *
     * @param ready the pod's readiness
     * @param agentReady the agent's alone
     * @param nodeLost whether the cluster no longer hears from its node
     */
    record Prompt(AgentAddress address, boolean ready, boolean agentReady, boolean nodeLost) {}
}
