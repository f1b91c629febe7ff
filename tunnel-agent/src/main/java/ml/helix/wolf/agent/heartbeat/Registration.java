package ml.helix.wolf.agent.heartbeat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.program.Labels;

/**
 * What an admin says of this Wolf, for the control plane's registry.
 *
 * @param maxSessions how many sessions it can have at once
 * @param zone where it runs
 * @param cordonFile a file that says {@code true} while the node is cordoned
 */
public record Registration(
        Optional<Integer> maxSessions, Optional<String> zone, Map<String, String> labels, Optional<Path> cordonFile) {
    private static final int MOST_SESSIONS = 10_000;

    public Registration {
        zone.ifPresent(Labels::checkZone);
        labels = Labels.check(labels);
    }

    /** @throws IllegalArgumentException with a message that continues the setting's name: {@code must ...} */
    public static int maxSessions(String text) {
        if (!text.matches("[1-9]\\d{0,4}") || Integer.parseInt(text) > MOST_SESSIONS) {
            throw new IllegalArgumentException(
                    "must be a whole number from 1 to " + MOST_SESSIONS + ", not '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
