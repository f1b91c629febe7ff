package ml.helix.wolf.controlplane.replica;

import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.HexFormat;
import java.util.function.Predicate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import ml.helix.wolf.controlplane.http.KeyInMemory;

/**
 * The key and the self-signed certificate of this replica, made at its start and kept in memory only. Others know it by the
 * certificate's SHA-256 fingerprint, which the database tells them; no authority is involved. Immutable.
 */
final class PeerIdentity {
    private final KeyManager[] keys;
    private final String fingerprint;

    private PeerIdentity(KeyManager[] keys, String fingerprint) {
        this.keys = keys;
        this.fingerprint = fingerprint;
    }

    /** @param replica becomes the certificate's name */
    static PeerIdentity create(String replica, Instant now) {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = generator.generateKeyPair();
            byte[] toBeSigned = SelfSigned.toBeSigned(replica, pair.getPublic(), now);
            var signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(pair.getPrivate());
            signature.update(toBeSigned);
            byte[] encoded = SelfSigned.certificate(toBeSigned, signature.sign());
            Certificate certificate =
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
            return new PeerIdentity(KeyInMemory.managers(pair.getPrivate(), certificate), fingerprint(certificate));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has EC keys", e);
        }
    }

    /** SHA-256 of the certificate, in hex. */
    String fingerprint() {
        return fingerprint;
    }

    /** TLS 1.3 with this certificate. @param trusted says which fingerprints the other end may have */
    SSLContext tls(Predicate<String> trusted) {
        try {
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(keys, new TrustManager[] {new Pinned(trusted)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS 1.3", e);
        }
    }

    /** The fingerprint of the other end, after the handshake. */
    static String peerOf(SSLSession session) throws SSLPeerUnverifiedException {
        try {
            return fingerprint(session.getPeerCertificates()[0]);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String fingerprint(Certificate certificate) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    }

    /** Trusts certificates by their fingerprint alone; names and dates say nothing. */
    private static final class Pinned extends X509ExtendedTrustManager {
        private final Predicate<String> trusted;

        Pinned(Predicate<String> trusted) {
            this.trusted = trusted;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            try {
                if (chain.length == 0 || !trusted.test(fingerprint(chain[0]))) {
                    throw new CertificateException("no replica has this certificate");
                }
            } catch (CertificateException e) {
                throw e;
            } catch (GeneralSecurityException e) {
                throw new CertificateException(e);
            }
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
