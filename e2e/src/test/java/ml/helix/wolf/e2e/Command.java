package ml.helix.wolf.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A command of this machine that must end well. */
final class Command {
    private Command() {}

    /** Runs kubectl; {@code input} is its standard input. Returns what it printed. */
    static String kubectl(String input, String... arguments) {
        var words = new ArrayList<>(List.of("kubectl"));
        words.addAll(List.of(arguments));
        return run(input, words);
    }

    /** Runs a line as a shell would. */
    static String shell(String line) {
        return run("", List.of("sh", "-c", line));
    }

    /** The same, where it doesn't matter how it ends. */
    static String attempt(String line) {
        return shell("{ " + line + "; } || true");
    }

    private static String run(String input, List<String> words) {
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            try (var in = process.outputWriter(StandardCharsets.UTF_8)) {
                in.write(input);
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new AssertionError(String.join(" ", words) + " ended with " + status + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while " + words.getFirst() + " ran", e);
        }
    }
}
