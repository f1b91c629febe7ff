package ml.helix.wolf.agent.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.program.Secret;

/** Where the runner token comes from; asked at each connect. */
public sealed interface TokenSource {

    /** @throws TunnelException Unauthorized where there is no usable token now */
    Secret read() throws TunnelException;

    /** A token given once and for all. */
    record Fixed(Secret token) implements TokenSource {
        @Override
        public Secret read() {
            return token;
        }
    }

    /** A file that may change, as a mounted Secret does. */
    record InFile(Path file) implements TokenSource {
        @Override
        public Secret read() throws TunnelException {
            try {
                return Secret.of(Files.readString(file));
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
