package ml.helix.wolf.revdial;

/** What a {@link ConnectionManager} knows of a dialer id that somebody picks up with. */
public enum DialerState {
    /** It belongs to a control connection that is up. */
    UP,
    /** Its control connection is over. */
    EXPIRED,
    /** It was never given out, or ended so long ago that it is forgotten. */
    UNKNOWN
}
