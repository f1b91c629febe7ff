package ml.helix.wolf.agent.report;

import java.util.Optional;

/**
 * What doesn't change while an agent runs.
 *
 * @param wolfId nothing where only a runner id was given
 * @param controlPlane the URL
 * @param local Wolf's address
 */
public record Identity(Optional<String> wolfId, String runnerId, String controlPlane, String local, String version) {}
