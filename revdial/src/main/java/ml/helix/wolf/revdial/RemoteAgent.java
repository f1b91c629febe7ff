package ml.helix.wolf.revdial;

/**
 * The agent at the other end of a control connection.
 *
 * @param instance a random text that an agent's process sends with each of its control connections; empty if the agent
 *     sends none
 * @param host its address as the control plane sees it
 * @param port its port as the control plane sees it
 */
public record RemoteAgent(String instance, String host, int port) {

    /** Equal for two connections of one agent. Without an instance it is the host: ports are new for each connection. */
    public String identity() {
        return instance.isEmpty() ? host : instance;
    }

    /** Address and port, for a log. */
    @Override
    public String toString() {
        return (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port;
    }
}
