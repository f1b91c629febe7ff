package ml.helix.wolf.playground.demo;

import java.nio.file.Path;
import java.util.List;

/** Something that the demo was to show did not happen; the logs say why. */
final class NotSeen extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Path> logs;

    /**
     * @param what what is missing, a sentence
     * @param logs where to look, the most telling first
     */
    NotSeen(String what, List<Path> logs) {
        super(what);
        this.logs = List.copyOf(logs);
    }

    List<Path> logs() {
        return logs;
    }
}
