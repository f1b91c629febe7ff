package ml.helix.wolf.playground.node;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A container, resolved: what to start.
 *
 * @param arguments what follows the image's entry point
 * @param environment the whole environment
 * @param log where its output goes, appended
 */
public record ContainerCommand(
        String pod, String name, String image, List<String> arguments, Map<String, String> environment, Path log) {

    /** Without the environment: that holds secrets. */
    @Override
    public String toString() {
        return pod + "/" + name + " (" + image + ")";
    }
}
