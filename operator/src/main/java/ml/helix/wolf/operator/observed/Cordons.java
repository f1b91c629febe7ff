package ml.helix.wolf.operator.observed;

import java.util.Set;

/** What is known of the cluster's cordoned nodes. */
public sealed interface Cordons {
    /** The WolfTunnel doesn't drain cordoned nodes. */
    record Ignored() implements Cordons {}

    /** Not known yet. */
    record Loading() implements Cordons {}

    /** The operator may not watch nodes, or not tell the agents. */
    record Forbidden() implements Cordons {}

    /** @param nodes the names of the cordoned ones */
    record Known(Set<String> nodes) implements Cordons {
        public Known {
            nodes = Set.copyOf(nodes);
        }
    }
}
