package ml.helix.wolf.program.certificates;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.security.interfaces.DSAKey;
import java.security.interfaces.RSAKey;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Optional;

/**
 * Which certificates are too weak. The JDK itself accepts RSA keys of 1024 bits and SHA-1 signatures of every CA that is
 * not among its own roots.
 */
public final class CertificateStrength {
    /** The smallest RSA or DSA key, in bits. */
    public static final int MIN_BITS = 2048;

    private CertificateStrength() {}

    /** What is too weak about key or signature, beginning with the subject; nothing when both are strong enough. */
    public static Optional<String> weakness(X509Certificate certificate) {
        return weakKey(certificate).or(() -> weakSignature(certificate));
    }

    /** What is too weak about the key. A trust anchor's signature on itself proves nothing, so only its key counts. */
    public static Optional<String> weakKey(X509Certificate certificate) {
        int bits =
                switch (certificate.getPublicKey()) {
                    case RSAKey rsa -> rsa.getModulus().bitLength();
                    case DSAKey dsa
                    when dsa.getParams() != null -> dsa.getParams().getP().bitLength();
                    default -> MIN_BITS;
                };
        return bits >= MIN_BITS
                ? Optional.empty()
                : Optional.of(subject(certificate) + " has an "
                        + certificate.getPublicKey().getAlgorithm() + " key of " + bits + " bits; it needs at least "
                        + MIN_BITS);
    }

    private static Optional<String> weakSignature(X509Certificate certificate) {
        String algorithm = signature(certificate);
        return algorithm.matches("(SHA-?1|MD\\d).*")
                ? Optional.of(subject(certificate) + " is signed with " + algorithm + "; it needs SHA-256 or better")
                : Optional.empty();
    }

    /** The signature's algorithm, beginning with its digest. */
    private static String signature(X509Certificate certificate) {
        String name = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        byte[] parameters = certificate.getSigAlgParams();
        if (!name.equals("RSASSA-PSS") || parameters == null) {
            return certificate.getSigAlgName();
        }
        try {
            var pss = AlgorithmParameters.getInstance("RSASSA-PSS");
            pss.init(parameters);
            return pss.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm() + "withRSASSA-PSS";
        } catch (GeneralSecurityException | IOException e) {
            return name;
        }
    }

    private static String subject(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }
}
