package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import ml.helix.wolf.controlplane.auth.ServiceAccountTokens.RefusedException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Real signatures; the claims are those that the API server of Kubernetes 1.34 writes. */
@SuppressWarnings("JavaUtilDate") // of the library's builder
class ServiceAccountTokensTest {
    private static final String ISSUER = "https://kubernetes.default.svc.cluster.local";
    private static final String AUDIENCE = "wolf-control-plane";
    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

    private static RSAKey rsa;
    private static RSAKey other;
    private static ECKey ec;

    private final AtomicReference<Instant> clock = new AtomicReference<>(NOW);
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
    private final AtomicReference<String> jwks = new AtomicReference<>(publicKeys(rsa, ec));
    private final AtomicInteger reads = new AtomicInteger();
    private final ServiceAccountTokens tokens = new ServiceAccountTokens(
            new TokenIssuer(
                    URI.create(ISSUER),
                    AUDIENCE,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    TokenIssuer.idPrefixes("wolf-, hydra-eu-"),
                    TokenIssuer.accounts("wolf/*-tunnel-agent")),
            new SigningKeys(this::read, nanos::get, Runnable::run),
            clock::get);

    @BeforeAll
    static void makeKeys() throws JOSEException {
        rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
        other = new RSAKeyGenerator(2048).keyID("other").generate();
        ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
    }

    private String read() throws IOException {
        reads.incrementAndGet();
        String text = jwks.get();
        if (text.isEmpty()) {
            throw new IOException("the issuer is down");
        }
        return text;
    }

    private static String publicKeys(JWK... keys) {
        return new JWKSet(List.of(keys)).toString(/* publicKeysOnly= */ true);
    }

    @Test
    void aTokenOpensTheIdsOfItsNodeAndNoOther() throws Exception {
        AccessToken token = tokens.verify(signed(rsa));

        assertThat(token.name()).isEqualTo("wolf/gpu-nodes-tunnel-agent@gpu-1.example");
        assertThat(token.opens("wolf-gpu-1.example")).isTrue();
        assertThat(token.opens("hydra-eu-gpu-1.example")).isTrue();
        for (String id : List.of("wolf-gpu-1", "wolf-gpu-2.example", "wolf-gpu-1.example2", "gpu-1.example", "wolf-")) {
            assertThat(token.opens(id)).as(id).isFalse();
        }
        assertThat(token.opensAll()).isFalse();
        assertThat(tokens.verify(signed(ec)).opens("wolf-gpu-1.example")).isTrue();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                of("is of another issuer", claims -> claims.issuer("https://elsewhere")),
                of("is of another issuer", claims -> claims.issuer(ISSUER + "/")),
                of("is for another audience than wolf-control-plane", claims -> claims.audience("https://api")),
                of("is for another audience", claims -> claims.audience(List.of())),
                of("never expires", claims -> claims.expirationTime(null)),
                of("has a claim exp that is no time", claims -> claims.claim("exp", -9_000_000_000_000_000_000L)),
                of("has a claim exp that is no time", claims -> claims.claim("exp", 9_000_000_000_000_000_000L)),
                of("has expired at", claims -> claims.expirationTime(Date.from(NOW.minusSeconds(30)))),
                of("is not valid yet", claims -> claims.notBeforeTime(Date.from(NOW.plusSeconds(31)))),
                of("has no claim kubernetes.io", claims -> claims.claim("kubernetes.io", null)),
                of("no object", claims -> claims.claim("kubernetes.io", "text")),
                of("is of no ServiceAccount", claims -> claims.subject("system:node:gpu-1")),
                of("is of no ServiceAccount", claims -> claims.claim("kubernetes.io", Map.of("namespace", "wolf"))),
                of("is of the ServiceAccount evil/gpu-nodes-tunnel-agent", claims -> claims.subject(
                                "system:serviceaccount:evil:gpu-nodes-tunnel-agent")
                        .claim("kubernetes.io", kubernetes("evil", "gpu-nodes-tunnel-agent", "gpu-1"))),
                of("is of the ServiceAccount wolf/default", claims -> claims.subject(
                                "system:serviceaccount:wolf:default")
                        .claim("kubernetes.io", kubernetes("wolf", "default", "gpu-1"))),
                of(
                        "is bound to no node",
                        claims -> claims.claim(
                                "kubernetes.io",
                                Map.of(
                                        "namespace",
                                        "wolf",
                                        "serviceaccount",
                                        Map.of("name", "gpu-nodes-tunnel-agent")))),
                of(
                        "is bound to no node",
                        claims -> claims.claim("kubernetes.io", kubernetes("wolf", "gpu-nodes-tunnel-agent", "*"))));
    }

    private static Arguments of(String why, UnaryOperator<JWTClaimsSet.Builder> change) {
        return Arguments.of(why, change);
    }

    @ParameterizedTest
    @MethodSource("refused")
    void whatIsWrongIsSaid(String why, UnaryOperator<JWTClaimsSet.Builder> change) throws Exception {
        String token = signed(rsa, JWSAlgorithm.RS256, change.apply(claims()).build());

        assertThatThrownBy(() -> tokens.verify(token))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(why);
    }

    @Test
    void clocksMayDifferALittle() throws Exception {
        tokens.verify(signed(
                rsa,
                JWSAlgorithm.RS256,
                claims().expirationTime(Date.from(NOW.minusSeconds(29)))
                        .notBeforeTime(Date.from(NOW.plusSeconds(30)))
                        .build()));
    }

    @Test
    void onlySignaturesOfTheClustersKeysCount() throws Exception {
        var symmetric = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa").build(), claims().build());
        symmetric.sign(new MACSigner(rsa.toRSAPublicKey().getEncoded()));
        assertRefused(symmetric.serialize(), "an algorithm that is not accepted");
        assertRefused(new PlainJWT(claims().build()).serialize(), "is no ServiceAccount token");
        assertRefused(signed(other), "is signed with an unknown key");
        assertRefused(signed(new RSAKey.Builder(other).keyID("rsa").build()), "has a wrong signature");
        assertRefused(signed(new RSAKey.Builder(other).keyID("ec").build()), "names a key that is not for it");
        assertRefused(signed(new RSAKey.Builder(rsa).keyID(null).build()), "names no key");
        String valid = signed(rsa);
        assertRefused(valid.substring(0, valid.length() - 10) + "AAAAAAAAAA", "has a wrong signature");
        assertRefused("eyJ.x.y", "is no ServiceAccount token");
        jwks.set(
                publicKeys(new RSAKey.Builder(rsa).algorithm(JWSAlgorithm.RS512).build()));
        nanos.addAndGet(SigningKeys.MAX_AGE.toNanos());
        assertRefused(signed(rsa), "names a key that is not for it");
    }

    @Test
    void aTokenIsRememberedUntilItExpiresOrTheKeysChange() throws Exception {
        tokens.verify(signed(ec)); // the keys are known from here on
        String token = signed(rsa);
        AccessToken first = tokens.verify(token);
        assertThat(tokens.verify(token)).isSameAs(first);

        clock.set(NOW.plus(Duration.ofHours(1)).plusSeconds(30));
        assertRefused(token, "has expired");
        clock.set(NOW);
        jwks.set(publicKeys(ec));
        nanos.addAndGet(SigningKeys.MAX_AGE.toNanos());
        assertRefused(token, "is signed with an unknown key");
    }

    @Test
    void anUnknownKeyIsAskedForButNotMoreOftenThanEachInterval() throws Exception {
        tokens.verify(signed(rsa));
        assertThat(reads).hasValue(1);
        for (int i = 0; i < 100; i++) {
            assertRefused(signed(other), "is signed with an unknown key");
        }
        assertThat(reads).hasValue(1);

        jwks.set(publicKeys(rsa, ec, other));
        nanos.addAndGet(SigningKeys.SHORTEST_INTERVAL.toNanos());
        assertThat(tokens.verify(signed(other)).opens("wolf-gpu-1.example")).isTrue();
        assertThat(reads).hasValue(2);
    }

    @Test
    void knownKeysHoldWhileTheIssuerIsDown() throws Exception {
        tokens.verify(signed(rsa));
        for (String broken : List.of("", "no JSON", "{}")) {
            jwks.set(broken);
            nanos.addAndGet(SigningKeys.MAX_AGE.toNanos());
            assertThat(tokens.verify(signed(ec)).opens("wolf-gpu-1.example")).isTrue();
        }
        assertThat(reads).hasValue(4);
    }

    private void assertRefused(String token, String why) {
        assertThatThrownBy(() -> tokens.verify(token))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(why);
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject("system:serviceaccount:wolf:gpu-nodes-tunnel-agent")
                .issueTime(Date.from(NOW))
                .notBeforeTime(Date.from(NOW))
                .expirationTime(Date.from(NOW.plus(Duration.ofHours(1))))
                .claim("kubernetes.io", kubernetes("wolf", "gpu-nodes-tunnel-agent", "gpu-1.example"));
    }

    private static Map<String, Object> kubernetes(String namespace, String account, String node) {
        return Map.of(
                "namespace",
                namespace,
                "node",
                Map.of("name", node, "uid", "7d0c3f6e"),
                "pod",
                Map.of("name", "agent-x", "uid", "aa"),
                "serviceaccount",
                Map.of("name", account, "uid", "bb"));
    }

    private static String signed(JWK key) throws JOSEException {
        return signed(key, key instanceof ECKey ? JWSAlgorithm.ES256 : JWSAlgorithm.RS256, claims().build());
    }

    private static String signed(JWK key, JWSAlgorithm algorithm, JWTClaimsSet claims) throws JOSEException {
        JWSSigner signer = key instanceof ECKey curve ? new ECDSASigner(curve) : new RSASSASigner(key.toRSAKey());
        var jwt = new SignedJWT(
                new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).build(), claims);
        jwt.sign(signer);
        return jwt.serialize();
    }
}
