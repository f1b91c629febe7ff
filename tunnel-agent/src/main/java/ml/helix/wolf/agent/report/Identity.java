package ml.helix.wolf.agent.report;

import java.util.Optional;

/**
 * The part of {@code /status} that stays the same while an agent runs.
 *
 * @param wolfId empty if only a runner id was given
 * @param local Wolf's address
 */
public record Identity(Optional<String> wolfId, String runnerId, String local, String version) {}
