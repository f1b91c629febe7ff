package ml.helix.wolf.agent.token;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.program.Secret;

/**
 * A runner token.
 *
 * @param since the token file's time of change; empty for a token given by value
 */
public record RunnerToken(Secret secret, Optional<Instant> since) {}
