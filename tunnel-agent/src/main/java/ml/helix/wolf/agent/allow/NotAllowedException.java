package ml.helix.wolf.agent.allow;

/** A request that must not reach Wolf. The message says why, in a sentence; it may hold text of the caller. */
public final class NotAllowedException extends Exception {
    private static final long serialVersionUID = 1L;

    NotAllowedException(String why) {
        super(why);
    }

    /** Why. */
    public String why() {
        return String.valueOf(getMessage());
    }
}
