package ml.helix.wolf.controlplane.routing;

import java.util.Optional;

/** Where all replicas agree at which instance a session is. Thread-safe. */
@FunctionalInterface
interface SharedSessions {
    /** Nobody else is asked, and nothing outlives the process. */
    SharedSessions NONE = (session, wanted) -> Optional.of(wanted);

    /**
     * Binds a session, unless it is bound with as many moves or more. Blocks for a moment.
     *
     * @return the binding that holds; empty if that can't be said now
     */
    Optional<Binding> bind(String session, Binding wanted);
}
