package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import ml.helix.wolf.program.Secret;

/** Where the tokens that agents may send come from. Immutable. */
public sealed interface RunnerTokens {

    /**
     * The tokens as they are now, one at least.
     *
     * @throws IOException where they can't be read
     * @throws IllegalArgumentException where there is none, or one that can't stand in an HTTP header; says so without it
     */
    List<Secret> read() throws IOException;

    /** One that stays. */
    record Fixed(Secret token) implements RunnerTokens {
        @Override
        public List<Secret> read() {
            return List.of(token);
        }
    }

    /** A file with one on each line: during a rotation the new and the old. */
    record InFile(Path file) implements RunnerTokens {
        @Override
        public List<Secret> read() throws IOException {
            List<Secret> tokens = Files.readString(file)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .map(Secret::of)
                    .toList();
            if (tokens.isEmpty()) {
                throw new IllegalArgumentException("is empty");
            }
            return tokens;
        }
    }
}
