package ml.helix.wolf.program;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A token or a password. Prints as {@code [secret]}; only {@link #reveal} gives the text. Immutable. */
public final class Secret {
    private static final String BOM = "\ufeff";

    private final String text;

    private Secret(String text) {
        this.text = text;
    }

    /**
     * Takes what a file or a Kubernetes Secret holds, without the white space around it.
     *
     * @throws IllegalArgumentException as {@link #of(String)}, and for UTF-16
     */
    public static Secret of(byte[] content) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        if (text.startsWith("\u00ff\u00fe") || text.startsWith("\u00fe\u00ff")) {
            throw new IllegalArgumentException("is UTF-16; save it as plain ASCII text");
        }
        return of(text.startsWith("\u00ef\u00bb\u00bf") ? BOM + text.substring(3) : text);
    }

    /**
     * Takes the text without the white space around it.
     *
     * @throws IllegalArgumentException if the text is blank or not allowed in an HTTP header; the message continues the
     *     name of the secret and repeats nothing of it
     */
    public static Secret of(String text) {
        if (text.startsWith(BOM)) {
            throw new IllegalArgumentException("begins with a byte order mark; save it as plain ASCII text");
        }
        String trimmed = text.replaceAll("^[ \t\r\n]+|[ \t\r\n]+$", "");
        if (trimmed.isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        if (trimmed.chars().anyMatch(c -> " \t\r\n".indexOf(c) >= 0)) {
            throw new IllegalArgumentException("has a space or a line break inside");
        }
        if (trimmed.chars().anyMatch(c -> c <= ' ' || c >= 127)) {
            throw new IllegalArgumentException("has a control or a non-ASCII character in it");
        }
        return new Secret(trimmed);
    }

    /** The text, for the one place that sends it. Never log it. */
    public String reveal() {
        return text;
    }

    /** Whether {@code candidate} is this secret, compared in constant time. */
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
