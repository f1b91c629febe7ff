package ml.helix.wolf.operator.desired;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Short texts that change when, and only when, some content changes. */
public final class Digests {
    private static final int BYTES = 8;

    private Digests() {}

    /**
     * Of a token, for an annotation that everybody who can read pods can read. A plain digest would let them try out
     * likely tokens, so it is keyed with the Secret's uid: 122 random bits that only those can read who can read the
     * token itself. Labels, annotations and other keys of the Secret don't matter; a Secret made anew has a new
     * generation even with the same token.
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

    /** Of text that is no secret. */
    public static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Of content that is no secret. */
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
