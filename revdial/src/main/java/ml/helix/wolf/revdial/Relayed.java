package ml.helix.wolf.revdial;

/** What became of a conn-ready that another replica asked for. */
public enum Relayed {
    /** It is queued on the runner's control connection. */
    SENT,
    /** This replica has no control connection of that runner. */
    NOT_HELD,
    /** The control connection has no room. */
    FULL
}
