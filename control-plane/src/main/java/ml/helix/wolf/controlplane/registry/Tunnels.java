package ml.helix.wolf.controlplane.registry;

import java.util.List;
import java.util.Optional;
import ml.helix.wolf.revdial.ConnectionManager;

/** The tunnels that this control plane knows, with several replicas those of all. Answers from memory. Thread safe. */
public interface Tunnels {

    /** Those that are connected, in their grace period or have running streams; one for each id. */
    List<Tunnel> all();

    /** The same of one id. */
    Optional<Tunnel> find(String id);

    /** Those of this process, which is the only replica. */
    record Local(ConnectionManager connections) implements Tunnels {
        @Override
        public List<Tunnel> all() {
            return connections.runners().stream()
                    .map(state -> Tunnel.of(state, null))
                    .toList();
        }

        @Override
        public Optional<Tunnel> find(String id) {
            return connections.runner(id).map(state -> Tunnel.of(state, null));
        }
    }
}
