package ml.helix.wolf.kubectl.failure;

/** A command cannot do its work. The message says what failed, and, where it is known, what to do. */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    public Failure(String message) {
        super(message);
    }

    public Failure(String message, Throwable cause) {
        super(message, cause);
    }

    /** The message; never null. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
