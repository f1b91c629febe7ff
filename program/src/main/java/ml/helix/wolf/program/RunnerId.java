package ml.helix.wolf.program;

/**
 * What the id of an agent may be, for the agent and the control plane alike. Ids are part of URLs, logs and tables, so
 * one must be seen as what it is.
 */
public final class RunnerId {
    /** In characters as Java counts them. */
    public static final int LONGEST = 512;

    /** What {@code doctor} puts before the id that it examines; no agent's own id begins with it. */
    public static final String DOCTOR = "doctor-";

    private RunnerId() {}

    /**
     * Checks an id: 1 to {@value #LONGEST} letters, digits, marks, punctuation or symbols of any script, also
     * spaces (U+0020) inside, and no {@code .} or {@code ..} between slashes.
     *
     * @return the id itself
     * @throws IllegalArgumentException saying what is wrong, to be put after what the id is called
     */
    public static String check(String id) {
        if (id.isEmpty() || id.length() > LONGEST) {
            throw new IllegalArgumentException(
                    "must have 1 to " + LONGEST + " characters, for example wolf-gpu-1, not " + id.length());
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
