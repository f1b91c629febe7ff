package ml.helix.wolf.agent.control;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.program.Secret;

/**
 * A runner token.
 *
 * @param since when the file got it; nothing for one that is in no file
 */
public record RunnerToken(Secret secret, Optional<Instant> since) {}
