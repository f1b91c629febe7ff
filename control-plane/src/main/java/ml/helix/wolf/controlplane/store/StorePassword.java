package ml.helix.wolf.controlplane.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import ml.helix.wolf.program.Secret;

/** Where the database's password comes from. Never prints it. Immutable. */
public sealed interface StorePassword {

    /**
     * The password as it is now.
     *
     * @throws IOException if it can't be read
     * @throws IllegalArgumentException if it is no password; the message repeats nothing of it
     */
    String read() throws IOException;

    /** A database that asks for none. */
    record None() implements StorePassword {
        @Override
        public String read() {
            return "";
        }
    }

    /** One that stays. */
    record Fixed(Secret secret) implements StorePassword {
        @Override
        public String read() {
            return secret.reveal();
        }
    }

    /** A file, read for each new connection. */
    record InFile(Path file) implements StorePassword {
        @Override
        public String read() throws IOException {
            return Secret.of(Files.readAllBytes(file)).reveal();
        }
    }
}
