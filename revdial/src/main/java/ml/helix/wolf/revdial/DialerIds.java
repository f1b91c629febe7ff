package ml.helix.wolf.revdial;

import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Makes dialer ids that name their replica: its 8 hex digits, then 24 random ones. So whichever replica gets a pickup knows
 * which one waits for it.
 *
 * @param replica 8 hex digits
 */
public record DialerIds(String replica) {
    private static final int REPLICA_DIGITS = 8;
    private static final int DIGITS = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    public DialerIds {
        if (!replica.matches("[0-9a-f]{8}")) {
            throw new IllegalArgumentException("a replica's id has 8 hex digits: " + replica);
        }
    }

    /** Those of a new replica. */
    public static DialerIds random() {
        return new DialerIds(hex(REPLICA_DIGITS));
    }

    /** The replica that a dialer id names; empty if it is too short to name one. */
    public static String replicaOf(String dialerId) {
        return dialerId.length() == DIGITS ? dialerId.substring(0, REPLICA_DIGITS) : "";
    }

    /** Whether this replica may have made that id. */
    public boolean isOwn(String dialerId) {
        return replicaOf(dialerId).equals(replica);
    }

    String next() {
        return replica + hex(DIGITS - REPLICA_DIGITS);
    }

    public static String requestId() {
        return hex(DIGITS);
    }

    private static String hex(int digits) {
        byte[] bytes = new byte[digits / 2];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
