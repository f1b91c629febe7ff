package ml.helix.wolf.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Commands of this machine; they must succeed. */
final class Command {
    private Command() {}

    /** Runs kubectl with {@code input} as its standard input; returns its output. */
    static String kubectl(String input, String... arguments) {
        var command = new ArrayList<>(List.of("kubectl"));
        command.addAll(List.of(arguments));
        return run(input, command);
    }

    /** Runs a line in a shell; returns its output. */
    static String shell(String line) {
        return run("", List.of("sh", "-c", line));
    }

    /** Runs a line in a shell and ignores a failure. */
    static String attempt(String line) {
        return shell("{ " + line + "; } || true");
    }

    private static String run(String input, List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (var in = process.outputWriter(StandardCharsets.UTF_8)) {
                in.write(input);
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new AssertionError(String.join(" ", command) + " ended with " + status + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while " + command.getFirst() + " ran", e);
        }
    }
}
