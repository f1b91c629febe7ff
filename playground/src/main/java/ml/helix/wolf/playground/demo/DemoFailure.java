package ml.helix.wolf.playground.demo;

import java.nio.file.Path;
import java.util.List;

/** The demo can't show what it should; the logs say why. */
final class DemoFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Path> logs;

    /**
     * @param logs the log files to print, the most helpful first
     */
    DemoFailure(String message, List<Path> logs) {
        super(message);
        this.logs = List.copyOf(logs);
    }

    List<Path> logs() {
        return logs;
    }
}
