package ml.helix.wolf.controlplane.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import ml.helix.wolf.program.Secret;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the ServiceAccount tokens of a Kubernetes cluster (JWTs, RFC 7519). A token opens the ids of the node to which the
 * kubelet bound it: the claim {@code kubernetes.io} names the node of the token's pod. Thread safe.
 *
 * <p>A token that was verified is remembered until it expires or the cluster's keys change, at most {@link #MAX_REMEMBERED} of
 * them, by their digests.
 */
final class ServiceAccountTokens {
    static final int MAX_REMEMBERED = 20_000;

    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    /** How far the clocks may differ. */
    static final Duration LEEWAY = Duration.ofSeconds(30);

    /** Signatures with a key pair only: nobody who can verify can also sign. */
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    private final TokenIssuer issuer;
    private final SigningKeys keys;
    private final InstantSource clock;

    /** Guarded by this; the one that was used longest ago comes first. */
    private final Map<String, Remembered> remembered = new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Remembered> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    private record Remembered(AccessToken token, Instant expires, JWKSet verifiedWith) {}

    /** Why a token doesn't count. The message continues "the token" and repeats nothing of it that wasn't verified. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message);
        }
    }

    ServiceAccountTokens(TokenIssuer issuer, SigningKeys keys, InstantSource clock) {
        this.issuer = issuer;
        this.keys = keys;
        this.clock = clock;
    }

    static ServiceAccountTokens of(TokenIssuer issuer, LongSupplier nanoTime, InstantSource clock) {
        SigningKeys.Source source = issuer.jwksFile()
                .<SigningKeys.Source>map(file -> () -> Files.readString(file))
                .orElseGet(() -> new IssuerKeys(issuer));
        var keys = new SigningKeys(source, nanoTime, task -> Thread.ofVirtual()
                .name("signing-keys")
                .start(task));
        return new ServiceAccountTokens(issuer, keys, clock);
    }

    /** Whether it has the form of such a token. Says nothing about its content. */
    static boolean isOne(String candidate) {
        return candidate.startsWith("eyJ")
                && candidate.chars().filter(c -> c == '.').count() == 2;
    }

    /**
     * What the token opens.
     *
     * @throws RefusedException if it doesn't count
     */
    AccessToken verify(String candidate) throws RefusedException {
        String digest = digest(candidate);
        Instant now = clock.instant();
        JWKSet current = keys.current();
        synchronized (this) {
            Remembered known = remembered.get(digest);
            if (known != null && known.verifiedWith == current && now.isBefore(known.expires.plus(LEEWAY))) {
                return known.token;
            }
        }
        JWTClaimsSet claims = signedClaims(candidate);
        Instant expires = checkTimes(claims, now);
        AccessToken token = token(candidate, claims);
        synchronized (this) {
            remembered.put(digest, new Remembered(token, expires, current));
        }
        return token;
    }

    private JWTClaimsSet signedClaims(String candidate) throws RefusedException {
        try {
            SignedJWT jwt = SignedJWT.parse(candidate);
            JWSAlgorithm algorithm = jwt.getHeader().getAlgorithm();
            if (!ALGORITHMS.contains(algorithm)) {
                throw new RefusedException("is signed with an algorithm that is not accepted");
            }
            String keyId = Optional.ofNullable(jwt.getHeader().getKeyID())
                    .orElseThrow(() -> new RefusedException("names no key"));
            JWK key = keys.find(keyId).orElseThrow(() -> new RefusedException("is signed with an unknown key"));
            if (!(key instanceof AsymmetricJWK pair)
                    || KeyUse.ENCRYPTION.equals(key.getKeyUse())
                    || (key.getAlgorithm() != null && !key.getAlgorithm().equals(algorithm))) {
                throw new RefusedException("names a key that is not for it");
            }
            var verifier = new DefaultJWSVerifierFactory().createJWSVerifier(jwt.getHeader(), pair.toPublicKey());
            if (!jwt.verify(verifier)) {
                throw new RefusedException("has a wrong signature");
            }
            requireTimes(jwt.getPayload().toJSONObject());
            return jwt.getJWTClaimsSet();
        } catch (ParseException e) {
            throw new RefusedException("is no ServiceAccount token");
        } catch (JOSEException e) {
            throw new RefusedException("names a key that is not for it");
        }
    }

    /** As a date, a number of seconds that is too large becomes any time at all. */
    private static void requireTimes(@Nullable Map<String, Object> claims) throws RefusedException {
        for (String name : List.of("exp", "nbf", "iat")) {
            if (claims != null
                    && claims.get(name) instanceof Number seconds
                    && !(seconds.doubleValue() >= 0 && seconds.doubleValue() <= LATEST.getEpochSecond())) {
                throw new RefusedException("has a claim " + name + " that is no time");
            }
        }
    }

    private Instant checkTimes(JWTClaimsSet claims, Instant now) throws RefusedException {
        if (!issuer.issuer().toString().equals(claims.getIssuer())) {
            throw new RefusedException("is of another issuer");
        }
        if (!claims.getAudience().contains(issuer.audience())) {
            throw new RefusedException("is for another audience than " + issuer.audience());
        }
        if (claims.getExpirationTime() == null) {
            throw new RefusedException("never expires");
        }
        Instant expires = claims.getExpirationTime().toInstant();
        if (!now.isBefore(expires.plus(LEEWAY))) {
            throw new RefusedException("has expired at " + expires);
        }
        if (claims.getNotBeforeTime() != null
                && now.isBefore(claims.getNotBeforeTime().toInstant().minus(LEEWAY))) {
            throw new RefusedException("is not valid yet; do the clocks differ?");
        }
        return expires;
    }

    private AccessToken token(String candidate, JWTClaimsSet claims) throws RefusedException {
        String namespace;
        @Nullable String account;
        @Nullable String node;
        try {
            Map<String, Object> kubernetes = claims.getJSONObjectClaim("kubernetes.io");
            if (kubernetes == null) {
                throw new RefusedException("has no claim kubernetes.io");
            }
            namespace = String.valueOf(kubernetes.get("namespace"));
            account = name(kubernetes.get("serviceaccount"));
            node = name(kubernetes.get("node"));
        } catch (ParseException e) {
            throw new RefusedException("has a claim kubernetes.io that is no object");
        }
        if (account == null || !("system:serviceaccount:" + namespace + ":" + account).equals(claims.getSubject())) {
            throw new RefusedException("is of no ServiceAccount");
        }
        String qualified = namespace + "/" + account;
        if (issuer.accounts().stream().noneMatch(glob -> glob.matches(qualified))) {
            throw new RefusedException("is of the ServiceAccount " + qualified + ", whose tokens are not accepted");
        }
        if (node == null || !node.matches("[a-z0-9.-]{1,253}")) {
            throw new RefusedException(
                    "is bound to no node: it must be a projected token of a pod, of Kubernetes 1.30 or newer");
        }
        List<IdGlob> ids = issuer.idPrefixes().stream()
                .map(prefix -> new IdGlob(prefix + node))
                .toList();
        return new AccessToken(qualified + "@" + node, Secret.of(candidate), ids, /* readOnly= */ false);
    }

    private static @Nullable String name(@Nullable Object reference) {
        return reference instanceof Map<?, ?> fields && fields.get("name") instanceof String name ? name : null;
    }

    private static String digest(String token) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
