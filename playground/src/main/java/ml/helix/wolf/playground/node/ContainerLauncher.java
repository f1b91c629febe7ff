package ml.helix.wolf.playground.node;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What runs containers on the simulated nodes. Thread-safe. */
public interface ContainerLauncher {

    /** Starts one; empty if its image is unknown. */
    Optional<Running> start(ContainerCommand command) throws IOException;

    /** A container that was started. */
    interface Running {

        /** Completes with the exit status. */
        CompletableFuture<Integer> exit();

        /** Asks it to end, as SIGTERM does. */
        void terminate();

        /** Ends it, as SIGKILL does. */
        void kill();
    }
}
