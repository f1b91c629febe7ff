package ml.helix.wolf.operator.desired;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Short texts that differ for different contents, and only then. */
public final class Digests {
    private static final int BYTES = 8;

    private Digests() {}

    /**
     * For an annotation of the pods. Whoever can read pods could check guesses at the token against a plain digest, so
     * this one is keyed with the Secret's uid: 122 random bits that only those can read who can read the token itself.
     * A Secret that is deleted and created again has a new digest even with the same token.
     */
    public static String ofToken(String secretUid, byte[] token) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secretUid.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return shortened(mac.doFinal(token));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    /** For text that is not secret. */
    public static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** For content that is not secret. */
    public static String of(byte[] content) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            return shortened(digest.digest(content));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String shortened(byte[] digest) {
        return HexFormat.of().formatHex(digest, 0, BYTES);
    }
}
