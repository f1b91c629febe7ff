package ml.helix.wolf.operator.agents;

import java.util.concurrent.Future;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import org.jspecify.annotations.Nullable;

/** An agent that an {@link AgentPoller} polls. The poller guards all fields. */
final class PolledAgent<K> {
    final K owner;
    final String uid;
    PodState pod;
    AgentAnswer answer = new AgentAnswer.None();
    /** The wait for the next poll; null while a poll is under way. */
    @Nullable
    Future<?> nextPoll;
    /** The number of the wait that counts: a timer that has begun to run can no longer be cancelled. */
    long wait;
    /** Whether the next poll is due and only waits for its turn. */
    boolean queued;
    /** Whether to poll again at once after the poll that is under way. */
    boolean pollAgain;

    /** Whether it has said that something has changed since the last poll began. */
    boolean noticed;

    /** When the last poll began, or it was first seen, in nanoseconds. */
    long lastPoll;

    /** Failed polls in a row. */
    int failures;

    PolledAgent(K owner, String uid, PodState pod, long now) {
        this.owner = owner;
        this.uid = uid;
        this.pod = pod;
        this.lastPoll = now;
    }

    /**
     * What an agent's answer depends on; a change of it is a reason to poll at once.
     *
     * @param ready the pod's readiness
     * @param agentReady the agent's alone
     * @param nodeLost whether the cluster no longer hears from the node
     */
    record PodState(AgentAddress address, boolean ready, boolean agentReady, boolean nodeLost) {
        static PodState of(AgentPod pod) {
            return new PodState(new AgentAddress(pod.ip(), pod.port()), pod.ready(), pod.agentReady(), pod.nodeLost());
        }
    }
}
