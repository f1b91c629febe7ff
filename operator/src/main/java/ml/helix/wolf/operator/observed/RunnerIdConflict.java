package ml.helix.wolf.operator.observed;

/** Another agent uses the same runner id at the same control plane: the two displace each other again and again. */
public sealed interface RunnerIdConflict {
    /**
     * The other agent belongs to a WolfTunnel that this operator watches.
     *
     * @param runnerId the id of both agents
     * @param resource the other WolfTunnel, as namespace/name
     */
    record WithOtherResource(String runnerId, String resource) implements RunnerIdConflict {}

    /** The agent was displaced by one that this operator doesn't know. */
    record WithUnknownAgent() implements RunnerIdConflict {}
}
