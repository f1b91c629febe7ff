package ml.helix.wolf.program;

/**
 * One setting of a program: a flag and the environment variable that stands in for it.
 *
 * @param name as written after the dash, for example {@code api-url}
 * @param environment the variable's name, or "" for a flag that has none
 * @param fallback the value if neither is given, or "" for none
 * @param help what it is for, one sentence
 * @param toggle true for a flag without a value
 */
public record Flag(String name, String environment, String fallback, String help, boolean toggle) {

    public static Flag value(String name, String environment, String fallback, String help) {
        return new Flag(name, environment, fallback, help, false);
    }

    public static Flag toggle(String name, String environment, String help) {
        return new Flag(name, environment, "", help, true);
    }

    /** How messages name it: {@code -api-url (HELIX_API_URL)}. */
    @Override
    public String toString() {
        return environment.isEmpty() ? "-" + name : "-" + name + " (" + environment + ")";
    }
}
