package ml.helix.wolf.operator.observed;

/** A pod and what its agent says. */
public record ObservedAgent(AgentPod pod, AgentAnswer answer) {}
