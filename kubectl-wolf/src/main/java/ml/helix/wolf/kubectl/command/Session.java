package ml.helix.wolf.kubectl.command;

import java.io.InputStream;
import java.time.Clock;
import java.util.Map;
import ml.helix.wolf.kubectl.output.Screen;

/** What a command gets from its process. */
public record Session(Screen screen, InputStream in, Map<String, String> environment, Clock clock) {
    public Session {
        environment = Map.copyOf(environment);
    }
}
