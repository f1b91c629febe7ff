package ml.helix.wolf.program;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A token or a password. Prints as {@code [secret]}; only {@link #reveal} gives the text. Immutable. */
public final class Secret {
    private final String text;

    private Secret(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException where the text is blank or could not stand in an HTTP header */
    public static Secret of(String text) {
        String trimmed = text.strip();
        if (trimmed.isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        if (trimmed.chars().anyMatch(c -> c <= ' ' || c >= 127)) {
            throw new IllegalArgumentException("has a space, a control or a non-ASCII character in it");
        }
        return new Secret(trimmed);
    }

    /** The text, for the one place that sends it. Never log it. */
    public String reveal() {
        return text;
    }

    /** Whether {@code candidate} is this secret; takes as long for a near miss as for a far one. */
    public boolean matches(String candidate) {
        return MessageDigest.isEqual(text.getBytes(StandardCharsets.UTF_8), candidate.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && matches(secret.text);
    }

    @Override
    public int hashCode() {
        return Secret.class.hashCode();
    }

    @Override
    public String toString() {
        return "[secret]";
    }
}
