package ml.helix.wolf.agent.token;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.program.Secret;

/** Where the runner token comes from. Read at each connect; a file also every 5 s in between. */
public sealed interface TokenSource {

    /** @throws TunnelException Unauthorized if there is no usable token now */
    RunnerToken read() throws TunnelException;

    /** A token given by value. */
    record Fixed(Secret token) implements TokenSource {
        @Override
        public RunnerToken read() {
            return new RunnerToken(token, Optional.empty());
        }
    }

    /** A file that may change, as a mounted Secret does. */
    record InFile(Path file) implements TokenSource {
        /** Reads the time first: if the file changes in between, the token seems older than it is, never newer. */
        @Override
        public RunnerToken read() throws TunnelException {
            try {
                Instant since = Files.getLastModifiedTime(file).toInstant();
                return new RunnerToken(Secret.of(Files.readAllBytes(file)), Optional.of(since));
            } catch (IOException e) {
                throw new TunnelException(
                        FailureReason.UNAUTHORIZED, "the token file " + file + " can't be read; does it exist?", e);
            } catch (IllegalArgumentException e) {
                throw new TunnelException(
                        FailureReason.UNAUTHORIZED, "the token in " + file + " can't be used: it " + e.getMessage());
            }
        }
    }
}
