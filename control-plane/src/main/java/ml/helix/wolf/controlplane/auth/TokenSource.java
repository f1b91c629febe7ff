package ml.helix.wolf.controlplane.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where the tokens that agents or callers may send come from. Immutable. */
public sealed interface TokenSource {

    /**
     * The tokens as they are now, one at least.
     *
     * @throws IOException if they can't be read
     * @throws IllegalArgumentException if there is none or a line is wrong; names the line and nothing that it holds
     */
    List<AccessToken> read() throws IOException;

    /** Those that stay. */
    record Fixed(List<AccessToken> tokens) implements TokenSource {
        public Fixed {
            tokens = List.copyOf(tokens);
        }

        /**
         * Reads the lines of a text.
         *
         * @throws IllegalArgumentException as {@link #read}
         */
        public static Fixed of(String text) {
            return new Fixed(AccessToken.list(text));
        }

        @Override
        public List<AccessToken> read() {
            return tokens;
        }
    }

    /** A file with one on each line: during a rotation the new and the old. */
    record InFile(Path file) implements TokenSource {
        @Override
        public List<AccessToken> read() throws IOException {
            return AccessToken.list(Files.readString(file));
        }
    }
}
