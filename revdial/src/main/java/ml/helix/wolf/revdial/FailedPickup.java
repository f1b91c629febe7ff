package ml.helix.wolf.revdial;

/**
 * A pickup-failed for a dial of another replica, which that replica must hear.
 *
 * @param runnerId whose agent sent it
 * @param dialerId names the replica
 * @param requestId as the agent sent it
 * @param reason the agent's own text, unchanged
 */
public record FailedPickup(String runnerId, String dialerId, String requestId, String reason) {}
