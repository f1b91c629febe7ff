package ml.helix.wolf.agent.report;

import java.util.Optional;

/**
 * The part of {@code /status} that stays the same while an agent runs.
 *
 * @param wolfId empty if only a runner id was given
 * @param controlPlane the control plane's URL
 * @param local Wolf's address
 */
public record Identity(Optional<String> wolfId, String runnerId, String controlPlane, String local, String version) {}
