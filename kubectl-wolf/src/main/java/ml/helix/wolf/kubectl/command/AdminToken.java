package ml.helix.wolf.kubectl.command;

import java.nio.charset.StandardCharsets;
import ml.helix.wolf.program.Secret;

/** Reads an admin token as the control plane's own token file has it. */
final class AdminToken {
    private AdminToken() {}

    /**
     * The first token of the text. A line is TOKEN, or NAME TOKEN and what the token opens.
     *
     * @throws IllegalArgumentException if there is none that can be sent; the message repeats nothing of it
     */
    static Secret parse(byte[] text) {
        return new String(text, StandardCharsets.UTF_8)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .map(line -> line.split("\\s+"))
                .map(words -> Secret.of(words.length > 1 ? words[1] : words[0]))
                .orElseThrow(() -> new IllegalArgumentException("is empty"));
    }
}
