package ml.helix.wolf.testkit;

/** Wolf refuses a command; the message is what its answer says. */
final class WolfRefusal extends Exception {
    private static final long serialVersionUID = 1L;

    WolfRefusal(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
