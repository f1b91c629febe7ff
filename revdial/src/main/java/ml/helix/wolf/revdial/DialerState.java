package ml.helix.wolf.revdial;

/** What a {@link ConnectionManager} knows of the dialer id that a pickup names. */
public enum DialerState {
    /** It belongs to a control connection that is up. */
    UP,
    /** Its control connection is over. */
    EXPIRED,
    /** It never existed, or ended so long ago that it is forgotten. */
    UNKNOWN
}
