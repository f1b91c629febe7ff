package ml.helix.wolf.agent.transport;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import ml.helix.wolf.program.certificates.CertificateStrength;
import org.jspecify.annotations.Nullable;

/**
 * Checks a server's certificate as the JDK does (chain, time, name), and is stricter in two points: no certificate of the
 * chain may be weak ({@link CertificateStrength}), and the name must be a subject alternative name; the CN is not enough
 * (RFC 9525, section 2). For client sockets only. Thread-safe.
 */
final class StrictTrustManager extends X509ExtendedTrustManager {
    private static final int DNS_NAME = 2;

    private final X509ExtendedTrustManager jdk;

    private StrictTrustManager(X509ExtendedTrustManager jdk) {
        this.jdk = jdk;
    }

    /** Trusts certificates issued by these authorities, except by those with too weak a key. */
    static StrictTrustManager of(Collection<X509Certificate> authorities) throws GeneralSecurityException {
        Set<TrustAnchor> anchors = authorities.stream()
                .filter(authority -> CertificateStrength.weakKey(authority).isEmpty())
                .map(authority -> new TrustAnchor(authority, null))
                .collect(Collectors.toSet());
        var parameters = new PKIXBuilderParameters(anchors, null);
        parameters.setRevocationEnabled(false);
        parameters.addCertPathChecker(new Strength());
        var factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(new CertPathTrustManagerParameters(parameters));
        return new StrictTrustManager((X509ExtendedTrustManager) factory.getTrustManagers()[0]);
    }

    /** The message continues "the certificate of HOST". */
    static final class RefusedException extends CertificateException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message, @Nullable Exception cause) {
            super(message, cause);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        try {
            jdk.checkServerTrusted(chain, type, socket);
        } catch (CertificateException e) {
            // a root may sign itself with a weak signature: nobody relies on it
            Optional<String> weakness = Stream.of(chain)
                    .filter(certificate -> certificate == chain[0] || !selfIssued(certificate))
                    .flatMap(certificate -> CertificateStrength.weakness(certificate).stream())
                    .findFirst();
            throw weakness.isPresent() ? new RefusedException("is too weak: " + weakness.get(), e) : e;
        }
        // the JDK accepts a trusted certificate without checking its strength
        Optional<String> weakness = CertificateStrength.weakness(chain[0]);
        if (weakness.isPresent()) {
            throw new RefusedException("is too weak: " + weakness.get(), null);
        }
        String host = ((SSLSocket) socket).getHandshakeSession().getPeerHost();
        if (Resolver.literal(host).isEmpty() && !hasDnsName(chain[0])) {
            throw new RefusedException(
                    "has its name only in the CN; renew it with " + host + " as a subject alternative name (RFC 9525)",
                    null);
        }
    }

    private static boolean selfIssued(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    }

    private static boolean hasDnsName(X509Certificate certificate) throws CertificateException {
        var names = certificate.getSubjectAlternativeNames();
        return names != null && names.stream().anyMatch(name -> name.getFirst().equals(DNS_NAME));
    }

    /** Checks each certificate of the path below the trust anchor. */
    private static final class Strength extends PKIXCertPathChecker {
        @Override
        public void init(boolean forward) {}

        @Override
        public boolean isForwardCheckingSupported() {
            return true;
        }

        @Override
        public @Nullable Set<String> getSupportedExtensions() {
            return null;
        }

        @Override
        public void check(Certificate certificate, Collection<String> unresolvedCritExts)
                throws CertPathValidatorException {
            Optional<String> weakness = CertificateStrength.weakness((X509Certificate) certificate);
            if (weakness.isPresent()) {
                throw new CertPathValidatorException(weakness.get(), null, null, -1, BasicReason.ALGORITHM_CONSTRAINED);
            }
        }
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return jdk.getAcceptedIssuers();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
        throw new UnsupportedOperationException("for sockets only");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
        throw new UnsupportedOperationException("for sockets only");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
        throw new UnsupportedOperationException("for clients only");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
        throw new UnsupportedOperationException("for clients only");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {
        throw new UnsupportedOperationException("for clients only");
    }
}
