package ml.helix.wolf.operator.agents;

/**
 * Where an agent serves its status.
 *
 * @param ip of its pod
 */
public record AgentAddress(String ip, int port) {
    @Override
    public String toString() {
        return ip.contains(":") ? "[" + ip + "]:" + port : ip + ":" + port;
    }
}
