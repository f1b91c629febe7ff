package ml.helix.wolf.operator.desired;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class DigestsTest {
    private static final String UID = "6a2f41a3-c54c-4c1e-8b5a-0c5f5f0f5d11";

    @Test
    void sameTokenInTheSameSecretHasTheSameDigest() {
        assertThat(token(UID, "a")).isEqualTo(token(UID, "a"));
    }

    @Test
    void anotherTokenHasAnotherDigest() {
        assertThat(token(UID, "a")).isNotEqualTo(token(UID, "b"));
    }

    @Test
    void guessAtAWeakTokenCannotBeCheckedWithoutTheSecretsUid() throws Exception {
        var plain =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest("a".getBytes(UTF_8)));
        assertThat(plain).doesNotContain(token(UID, "a"));
        assertThat(token("another-uid", "a")).isNotEqualTo(token(UID, "a"));
    }

    @Test
    void digestIsShort() {
        assertThat(token(UID, "a")).matches("[0-9a-f]{16}");
        assertThat(Digests.of("content")).matches("[0-9a-f]{16}");
    }

    private static String token(String uid, String token) {
        return Digests.ofToken(uid, token.getBytes(UTF_8));
    }
}
