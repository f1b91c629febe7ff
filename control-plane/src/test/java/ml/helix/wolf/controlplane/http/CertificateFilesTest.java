package ml.helix.wolf.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import ml.helix.wolf.testkit.TestCertificates;
import ml.helix.wolf.testkit.TestCertificates.PemFiles;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateFilesTest {
    @TempDir
    static Path shared;

    private static PemFiles ec;
    private static PemFiles rsa;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeCertificates() {
        var certificates = TestCertificates.in(shared);
        ec = certificates.pemServer("ec", "localhost");
        rsa = certificates.pemRsaServer("rsa", 2048, "localhost");
    }

    @Test
    void keysInPkcs8Pkcs1AndSec1AreRead() throws IOException {
        assertThatCode(() -> files(ec.certificate(), ec.key()).check()).doesNotThrowAnyException();
        assertThatCode(() -> files(rsa.certificate(), rsa.key()).check()).doesNotThrowAnyException();
        assertThatCode(() -> files(rsa.certificate(), unwrapped(rsa.key(), "RSA PRIVATE KEY"))
                        .check())
                .doesNotThrowAnyException();
        Path sec1 = unwrapped(ec.key(), "EC PRIVATE KEY");
        Files.writeString(
                sec1,
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                        + Files.readString(sec1));
        assertThatCode(() -> files(ec.certificate(), sec1).check()).doesNotThrowAnyException();
    }

    /** What is inside of PKCS#8: its last element, an octet string, holds PKCS#1 or SEC 1. */
    private Path unwrapped(Path pkcs8, String kind) throws IOException {
        String base64 = Files.readString(pkcs8).replaceAll("-----[^-]+-----", "");
        byte[] der = Base64.getMimeDecoder().decode(base64);
        int at = content(der, 0); // the sequence
        at = after(der, at); // the version
        at = after(der, at); // the algorithm
        byte[] inner = Arrays.copyOfRange(der, content(der, at), after(der, at));
        return Files.writeString(
                folder.resolve(kind),
                "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(inner) + "\n-----END " + kind
                        + "-----\n");
    }

    private static int content(byte[] der, int at) {
        return at + ((der[at + 1] & 0x80) == 0 ? 2 : 2 + (der[at + 1] & 0x7f));
    }

    private static int after(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        if (length >= 0x80) {
            length = 0;
            for (int i = at + 2; i < content(der, at); i++) {
                length = length << 8 | der[i] & 0xff;
            }
        }
        return content(der, at) + length;
    }

    @Test
    void whatIsNoPairIsNamedWithItsFileAndWithoutTheKey() throws IOException {
        Path encrypted = write("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
        Path broken = write("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
        assertThatThrownBy(() -> files(ec.certificate(), encrypted).check())
                .hasMessageStartingWith(encrypted + " has an encrypted key; decrypt it: openssl pkey");
        assertThatThrownBy(() -> files(ec.certificate(), broken).check())
                .hasMessage(broken + " has no EC key, as the certificate needs it");
        assertThatThrownBy(() -> files(ec.certificate(), rsa.key()).check())
                .hasMessage(rsa.key() + " has no EC key, as the certificate needs it");
        assertThatThrownBy(() -> files(ec.certificate(), ec.certificate()).check())
                .hasMessage(ec.certificate() + " has no private key in PEM");
        assertThatThrownBy(() -> files(ec.key(), ec.key()).check())
                .hasMessageStartingWith(ec.key() + " has ")
                .hasMessageContaining("certificate");
        assertThatThrownBy(() -> files(folder.resolve("none"), ec.key()).check())
                .hasMessage(folder.resolve("none") + " can't be read: NoSuchFileException");
    }

    @Test
    void theKeyOfAnotherCertificateIsRefused() {
        PemFiles other = TestCertificates.in(folder).pemServer("other", "localhost");
        assertThatThrownBy(() -> files(ec.certificate(), other.key()).check())
                .hasMessage(other.key() + " holds the key of another certificate");
    }

    @Test
    void aPairThatChangesIsPassedOnOnceAndABrokenOneNever() throws IOException {
        Path certificate = Files.copy(ec.certificate(), folder.resolve("tls.crt"));
        Path key = Files.copy(ec.key(), folder.resolve("tls.key"));
        var now = new AtomicLong(Long.MAX_VALUE - 5);
        var reloaded = new ReloadedCertificate(files(certificate, key), now::get);
        List<SSLContext> passedOn = new ArrayList<>();

        look(reloaded, now, passedOn);
        assertThat(passedOn).as("nothing has changed").isEmpty();

        Files.write(certificate, Files.readAllBytes(rsa.certificate()));
        look(reloaded, now, passedOn);
        look(reloaded, now, passedOn);
        assertThat(passedOn).as("the key is still the old one").isEmpty();

        Files.write(key, Files.readAllBytes(rsa.key()));
        reloaded.ifChanged(passedOn::add);
        assertThat(passedOn).as("within the interval").isEmpty();
        look(reloaded, now, passedOn);
        look(reloaded, now, passedOn);
        assertThat(passedOn).containsExactly(reloaded.current());

        Files.delete(key);
        look(reloaded, now, passedOn);
        Files.copy(ec.key(), key);
        Files.write(certificate, Files.readAllBytes(ec.certificate()));
        look(reloaded, now, passedOn);
        assertThat(passedOn).hasSize(2);
    }

    private static void look(ReloadedCertificate reloaded, AtomicLong now, List<SSLContext> passedOn) {
        now.addAndGet(ReloadedCertificate.INTERVAL.toNanos());
        reloaded.ifChanged(passedOn::add);
    }

    private Path write(String content) throws IOException {
        return Files.write(Files.createTempFile(folder, "pem", ""), content.getBytes(StandardCharsets.US_ASCII));
    }

    private static CertificateFiles files(Path certificate, Path key) {
        return new CertificateFiles(certificate, key);
    }
}
