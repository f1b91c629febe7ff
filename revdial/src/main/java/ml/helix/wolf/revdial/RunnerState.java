package ml.helix.wolf.revdial;

/**
 * What a {@link ConnectionManager} knows of one id.
 *
 * @param connected it has a control connection
 * @param inGracePeriod it has none, and dials wait for it to come back
 * @param draining its agent has said that it is stopping
 * @param displaced two agents with this id have displaced one another within the last minutes
 * @param streams data connections that a dial handed out and that are not closed yet
 */
public record RunnerState(
        String runnerId, boolean connected, boolean inGracePeriod, boolean draining, boolean displaced, int streams) {}
