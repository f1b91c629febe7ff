package ml.helix.wolf.bench.streams;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server and an agent that make a tunnel together. */
public record Pair(Program server, Program agent) {

    /**
     * @param root the checkout
     * @param programs a server, its agent, and so on, as {@link Program#parse} takes them
     * @throws IllegalArgumentException says what is wrong
     */
    public static List<Pair> parse(Path root, List<String> programs) {
        if (programs.size() % 2 == 1) {
            throw new IllegalArgumentException(
                    programs.getLast() + " has no AGENT: name a server and an agent each time");
        }
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < programs.size(); i += 2) {
            pairs.add(new Pair(Program.parse(root, programs.get(i)), Program.parse(root, programs.get(i + 1))));
        }
        if (pairs.stream().map(Pair::name).distinct().count() < pairs.size()) {
            throw new IllegalArgumentException("two pairs have the same name: give one another, NAME=SERVER");
        }
        return pairs;
    }

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
