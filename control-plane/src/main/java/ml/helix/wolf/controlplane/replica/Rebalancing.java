package ml.helix.wolf.controlplane.replica;

import java.util.Collection;

/**
 * How many tunnels a replica gives away. It begins if it holds more than 20 % above the mean, and goes on until it holds at
 * most 5 % above: 0.5 % of all tunnels a second. A pure function.
 */
final class Rebalancing {
    private static final double BEGIN = 1.2;
    private static final double END = 1.05;
    private static final double STEP = 0.005;

    private Rebalancing() {}

    /**
     * @param own how many tunnels this replica holds
     * @param others how many each of the others holds
     * @param moving whether it gave some away the last time
     * @return how many to give away in this second; 0 if none
     */
    static int step(int own, Collection<Integer> others, boolean moving) {
        int total = own + others.stream().mapToInt(Integer::intValue).sum();
        double mean = (double) total / (1 + others.size());
        // A single tunnel more than the mean is no imbalance, however few there are.
        if (own <= mean * (moving ? END : BEGIN) || own < mean + 1) {
            return 0;
        }
        return (int) Math.min(Math.ceil(STEP * total), Math.ceil(own - mean));
    }
}
