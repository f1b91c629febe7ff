package ml.helix.wolf.bench.streams;

/** A server and an agent that make a tunnel together. */
public record Pair(Program server, Program agent) {

    /** The name of a column. */
    public String name() {
        boolean serverSaysAll = server.isOurs() ? agent.name().equals("ours") : !agent.isOurs();
        return serverSaysAll ? server.name() : agent.name() + " + " + server.name();
    }

    /** Whether both are this project's. */
    public boolean isOurs() {
        return server.isOurs() && agent.isOurs();
    }
}
