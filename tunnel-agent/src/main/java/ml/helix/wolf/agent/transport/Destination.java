package ml.helix.wolf.agent.transport;

import java.util.Optional;

/**
 * A control plane, and how to reach it.
 *
 * @param proxy empty if it is reached without one
 */
public record Destination(ControlPlaneUrl url, Optional<Proxy> proxy) {
    /** For the log: the URL, and the proxy if there is one. */
    @Override
    public String toString() {
        return url + proxy.map(way -> " through proxy " + way).orElse("");
    }
}
