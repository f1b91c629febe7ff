package ml.helix.wolf.revdial;

/**
 * Who is at the other end of a control connection.
 *
 * @param instance a random text that an agent sends with each of its control connections, for as long as its process
 *     lives; empty for agents that send none
 * @param host its address as this side sees it
 * @param port its port as this side sees it
 */
public record RemoteAgent(String instance, String host, int port) {

    /** The same for two connections of one agent. Agents that send no instance are told apart by their hosts. */
    String identity() {
        return instance.isEmpty() ? host : instance;
    }

    /** Address and port, for a log. */
    @Override
    public String toString() {
        return (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port;
    }
}
