package ml.helix.wolf.controlplane.store;

import java.time.Instant;

/**
 * Whether the database could be used the last time.
 *
 * @param since when that began
 * @param problem what the last attempt met; empty while it is up
 */
public record StoreHealth(boolean up, Instant since, String problem) {}
