package ml.helix.wolf.testkit;

import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A private key and the chain of certificates for it, its own first and the root last.
 *
 * <p>Made in this process: the JDK has no public API for it, and its keytool costs about a second of CPU for each call.
 */
record Credential(PrivateKey key, List<X509Certificate> chain) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Validity VALIDITY_OF_A_CA = new Validity(Duration.ZERO, Duration.ofDays(30));

    /** An algorithm of the JDK with its parameters. */
    record KeyKind(String algorithm, AlgorithmParameterSpec parameters) {
        static final KeyKind P256 = new KeyKind("EC", new ECGenParameterSpec("secp256r1"));

        static KeyKind rsa(int bits) {
            return new KeyKind("RSA", new RSAKeyGenParameterSpec(bits, RSAKeyGenParameterSpec.F4));
        }

        KeyPair generate() {
            try {
                var generator = KeyPairGenerator.getInstance(algorithm);
                generator.initialize(parameters);
                return generator.generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** From when to when, seen from now. */
    record Validity(Duration from, Duration to) {}

    static Credential selfSignedCa(String name, KeyKind kind) {
        KeyPair keys = kind.generate();
        var issuer = new Credential(keys.getPrivate(), List.of());
        return issuer.sign(name, keys, VALIDITY_OF_A_CA, "SHA256with", true);
    }

    X509Certificate certificate() {
        return chain.getFirst();
    }

    /** @param hash what comes before the key's algorithm in the name of the signature: {@code SHA256with} */
    Credential signCa(String name, KeyKind kind, String hash) {
        return sign(name, kind.generate(), VALIDITY_OF_A_CA, hash, true);
    }

    /** @param names the alternative names; those that begin with a digit or hold a colon are addresses */
    Credential sign(String name, KeyKind kind, Validity validity, String hash, String... names) {
        return sign(name, kind.generate(), validity, hash, false, names);
    }

    private Credential sign(String name, KeyPair keys, Validity validity, String hash, boolean ca, String... names) {
        var subject = new X500Principal("CN=" + name);
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(
                chain.isEmpty() ? subject : certificate().getSubjectX500Principal(),
                new BigInteger(63, RANDOM).add(BigInteger.ONE),
                Date.from(now.plus(validity.from)),
                Date.from(now.plus(validity.to)),
                subject,
                keys.getPublic());
        try {
            var ids = new JcaX509ExtensionUtils();
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(keys.getPublic()));
            if (!chain.isEmpty()) {
                builder.addExtension(
                        Extension.authorityKeyIdentifier,
                        false,
                        ids.createAuthorityKeyIdentifier(certificate().getPublicKey()));
            }
            if (ca) {
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
            }
            if (names.length > 0) {
                builder.addExtension(Extension.subjectAlternativeName, false, alternativeNames(names));
            }
            String algorithm = hash + (key.getAlgorithm().equals("EC") ? "ECDSA" : key.getAlgorithm());
            var signed = new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(key)));
            return new Credential(
                    keys.getPrivate(),
                    Stream.concat(Stream.of(signed), chain.stream()).toList());
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static GeneralNames alternativeNames(String... names) {
        return new GeneralNames(Stream.of(names)
                .map(name -> new GeneralName(
                        name.matches("\\d.*|.*:.*") ? GeneralName.iPAddress : GeneralName.dNSName, name))
                .toArray(GeneralName[]::new));
    }

    /** Offers this credential in every handshake that can use a key of its kind, valid or not. */
    X509ExtendedKeyManager keyManager() {
        return new Only(this);
    }

    private static final class Only extends X509ExtendedKeyManager {
        private static final String ALIAS = "only";

        private final Credential credential;

        Only(Credential credential) {
            this.credential = credential;
        }

        private @Nullable String alias(String type) {
            return type.equals(credential.key.getAlgorithm()) ? ALIAS : null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return alias(type);
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return alias(type);
        }

        @Override
        public PrivateKey getPrivateKey(String name) {
            return credential.key;
        }

        @Override
        public X509Certificate[] getCertificateChain(String name) {
            return credential.chain.toArray(X509Certificate[]::new);
        }

        @Override
        public String[] getServerAliases(String type, Principal @Nullable [] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String @Nullable [] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}
