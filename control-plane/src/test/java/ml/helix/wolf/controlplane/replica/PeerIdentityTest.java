package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.junit.jupiter.api.Test;

class PeerIdentityTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void theCertificateIsReadAndVerifiedByTheJdk() throws Exception {
        KeyPair keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
        byte[] toBeSigned = SelfSigned.toBeSigned("5db41547", keys.getPublic(), NOW);
        var signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(keys.getPrivate());
        signature.update(toBeSigned);
        byte[] encoded = SelfSigned.certificate(toBeSigned, signature.sign());

        var certificate = (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
        certificate.verify(keys.getPublic());
        certificate.checkValidity(Date.from(NOW));
        certificate.checkValidity(Date.from(NOW.plus(Duration.ofDays(3650))));
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=5db41547");
        assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withECDSA");
    }

    @Test
    void eachReplicaHasACertificateOfItsOwn() {
        String fingerprint = PeerIdentity.create("5db41547", NOW).fingerprint();
        assertThat(fingerprint).matches("[0-9a-f]{64}");
        assertThat(PeerIdentity.create("5db41547", NOW).fingerprint()).isNotEqualTo(fingerprint);
    }
}
