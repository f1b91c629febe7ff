package ml.helix.wolf.program;

/**
 * Which runner ids are valid, for the agent and the control plane alike. Ids are part of URLs, logs and tables, so each
 * character must be visible.
 */
public final class RunnerId {
    /** The longest id, in UTF-16 code units. */
    public static final int MAX_LENGTH = 512;

    /** What {@code doctor} puts before the id that it examines; no agent's own id begins with it. */
    public static final String DOCTOR = "doctor-";

    private RunnerId() {}

    /**
     * Checks an id: 1 to {@value #MAX_LENGTH} letters, digits, marks, punctuation or symbols of any script, also
     * spaces (U+0020) inside, and no {@code .} or {@code ..} between slashes.
     *
     * @return the id itself
     * @throws IllegalArgumentException with a message that continues the id's name: {@code must ...}
     */
    public static String check(String id) {
        if (id.isEmpty() || id.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "must have 1 to " + MAX_LENGTH + " characters, for example wolf-gpu-1, not " + id.length());
        }
        if (!id.equals(id.strip())) {
            throw new IllegalArgumentException("must not begin or end with a space");
        }
        id.codePoints().filter(character -> !isAllowed(character)).findFirst().ifPresent(character -> {
            throw new IllegalArgumentException(
                    "must be letters, digits, punctuation and symbols that can be seen; U+%04X can't"
                            .formatted(character));
        });
        for (String segment : id.split("[/\\\\]", -1)) {
            if (segment.equals(".") || segment.equals("..")) {
                throw new IllegalArgumentException("must not be or contain a path segment . or ..");
            }
        }
        return id;
    }

    private static boolean isAllowed(int character) {
        return Printable.isPrintable(character)
                && (character == ' ' || Character.getType(character) != Character.SPACE_SEPARATOR);
    }
}
