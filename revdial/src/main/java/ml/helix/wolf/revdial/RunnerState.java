package ml.helix.wolf.revdial;

/**
 * What a {@link ConnectionManager} knows of one id.
 *
 * @param connected it has a control connection
 * @param inGracePeriod it has none, and dials wait until it is back
 * @param draining its agent has answered a conn-ready with {@link Listener#STOPPING}
 * @param displaced two agents with this id have displaced one another within the last minutes
 * @param streams streams of dials that their callers have not closed yet
 */
public record RunnerState(
        String runnerId, boolean connected, boolean inGracePeriod, boolean draining, boolean displaced, int streams) {}
