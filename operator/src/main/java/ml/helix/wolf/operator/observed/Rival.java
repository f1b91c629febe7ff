package ml.helix.wolf.operator.observed;

/** Another agent with the same runner id at the same control plane: each takes the other's place again and again. */
public sealed interface Rival {
    /**
     * It belongs to another tunnel that this operator watches.
     *
     * @param runnerId that both have
     * @param tunnel namespace/name
     */
    record OfTunnel(String runnerId, String tunnel) implements Rival {}

    /** The agent has been displaced by one that this operator doesn't know. */
    record Elsewhere() implements Rival {}
}
