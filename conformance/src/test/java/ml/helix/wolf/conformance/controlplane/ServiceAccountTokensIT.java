package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.ScriptedAgent;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contract, section 4: ServiceAccount tokens of a cluster are runner tokens, bound to the node in their claims. */
class ServiceAccountTokensIT extends ControlPlaneSpec {
    private static final String ISSUER = "https://kubernetes.default.svc";
    private static final KeyPair KEYS = TestCertificates.rsaKeys(2048);
    private static final KeyPair FOREIGN = TestCertificates.rsaKeys(2048);

    @TempDir
    Path folder;

    @Test
    void aTokenOpensTheIdOfItsNodeForControlAndDataConnections() throws Exception {
        startWithIssuer();
        ScriptedAgent agent = bearing(token(KEYS, "gpu-1", "wolf-control-plane", 600));

        Connection control = open(agent, CONTROL + "wolf-gpu-1");
        assertThat(control.head().status()).isEqualTo(101);
        control.line();
        var call = call("wolf-gpu-1", "x");
        respond(open(agent, "/api/v1" + awaitConnReady(control)), "served");
        assertThat(call.get().body()).isEqualTo("served");
        for (String other : new String[] {"wolf-gpu-2", "gpu-1", "wolf-gpu-1.example", "doctor-wolf-gpu-2"}) {
            assertThat(open(agent, CONTROL + other).head().status()).as(other).isEqualTo(403);
        }
        assertThat(connect("wolf-gpu-2")).as("with a token of the file").isNotNull();
    }

    @Test
    void aTokenThatIsForeignExpiredOrForAnotherAudienceIs401() throws Exception {
        startWithIssuer();
        for (String token : new String[] {
            token(FOREIGN, "gpu-1", "wolf-control-plane", 600),
            token(KEYS, "gpu-1", "wolf-control-plane", -600),
            token(KEYS, "gpu-1", ISSUER, 600)
        }) {
            assertThat(open(bearing(token), CONTROL + "wolf-gpu-1").head().status())
                    .isEqualTo(401);
        }
        String token = token(KEYS, "gpu-1", "wolf-control-plane", 600);
        assertError(request("/metrics", token), 401, "Unauthorized");
    }

    private void startWithIssuer() throws Exception {
        var publicKey = (RSAPublicKey) KEYS.getPublic();
        Path jwks = Files.writeString(
                folder.resolve("jwks.json"),
                "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"k1\",\"n\":\""
                        + base64(unsigned(publicKey.getModulus())) + "\",\"e\":\""
                        + base64(unsigned(publicKey.getPublicExponent())) + "\"}]}");
        start("-runner-issuer", ISSUER, "-runner-audience", "wolf-control-plane", "-runner-jwks-file", jwks.toString());
    }

    /** Signed by hand (RFC 7515, section 3), with the claims of a projected token. */
    private static String token(KeyPair keys, String node, String audience, int secondsLeft)
            throws GeneralSecurityException {
        long now = Instant.now().getEpochSecond();
        String claims =
                "{\"iss\":\"" + ISSUER + "\",\"aud\":[\"" + audience + "\"],\"iat\":" + (now - 1000) + ",\"nbf\":"
                        + (now - 1000) + ",\"exp\":" + (now + secondsLeft)
                        + ",\"sub\":\"system:serviceaccount:wolf:gpu-nodes-tunnel-agent\",\"kubernetes.io\":{\"namespace\":\"wolf\","
                        + "\"node\":{\"name\":\"" + node + "\",\"uid\":\"u1\"},\"pod\":{\"name\":\"p\",\"uid\":\"u2\"},"
                        + "\"serviceaccount\":{\"name\":\"gpu-nodes-tunnel-agent\",\"uid\":\"u3\"}}}";
        String signed = base64("{\"alg\":\"RS256\",\"kid\":\"k1\"}".getBytes(US_ASCII)) + "."
                + base64(claims.getBytes(US_ASCII));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(keys.getPrivate());
        signature.update(signed.getBytes(US_ASCII));
        return signed + "." + base64(signature.sign());
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private ScriptedAgent bearing(String token) {
        return agent().with("Authorization: Bearer " + token);
    }
}
