package ml.helix.wolf.playground.node;

/** A container can't be started for now. Reason and message are those of a waiting container's status. */
final class NotStartable extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    NotStartable(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
