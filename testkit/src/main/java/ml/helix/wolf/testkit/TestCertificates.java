package ml.helix.wolf.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import ml.helix.wolf.testkit.Credential.KeyKind;
import ml.helix.wolf.testkit.Credential.Validity;

/** A CA of its own and servers' certificates signed by it. The CA's certificate is a file, {@code ca.pem}. */
public final class TestCertificates {
    private static final KeyKind EC = KeyKind.P256;
    private static final Duration DAY = Duration.ofDays(1);
    private static final Validity VALID = new Validity(Duration.ZERO, DAY.multipliedBy(10));
    private static final String SHA1 = "SHA1with";
    private static final String SHA256 = "SHA256with";

    private final Path folder;
    private final Credential ca;

    private TestCertificates(Path folder, String name, KeyKind key) {
        this.folder = folder;
        this.ca = Credential.selfSignedCa(name, key);
        write(folder, "ca.pem", pem("CERTIFICATE", encoded(ca.certificate())));
    }

    /** Makes the CA. */
    public static TestCertificates in(Path folder) {
        return in(folder, "Test CA");
    }

    /** Makes a CA of that name; two of the same name have different keys. */
    public static TestCertificates in(Path folder, String name) {
        return new TestCertificates(folder, name, EC);
    }

    /** Makes a CA with an RSA key of that many bits. */
    public static TestCertificates rsa(Path folder, int bits) {
        return new TestCertificates(folder, "RSA " + bits, KeyKind.rsa(bits));
    }

    /** The CA's certificate in PEM. */
    public Path caFile() {
        return folder.resolve("ca.pem");
    }

    /** A certificate and its private key, each in a file in PEM. */
    public record PemFiles(Path certificate, Path key) {}

    /** As {@link #server}, as files of these names in the folder; those that exist are replaced. The key is in PKCS#8. */
    public PemFiles pemServer(String fileName, String... names) {
        return pem(fileName, ca.sign("server", EC, VALID, SHA256, names));
    }

    /** As {@link #pemServer}, with an RSA key of that many bits. */
    public PemFiles pemRsaServer(String fileName, int bits, String... names) {
        return pem(fileName, ca.sign("server", KeyKind.rsa(bits), VALID, SHA256, names));
    }

    private PemFiles pem(String fileName, Credential server) {
        String chain = server.chain().stream()
                .map(certificate -> pem("CERTIFICATE", encoded(certificate)))
                .collect(Collectors.joining());
        return new PemFiles(
                write(folder, fileName + ".crt", chain),
                write(folder, fileName + ".key", pem("PRIVATE KEY", server.key().getEncoded())));
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path write(Path folder, String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A client's context that trusts this CA and no other. */
    public SSLContext client() {
        try {
            var trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("ca", ca.certificate());
            var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            var context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A valid certificate for these names; those that begin with a digit or hold a colon are addresses. */
    public SSLContext server(String... names) {
        return context(ca.sign("server", EC, VALID, SHA256, names));
    }

    /** One that was valid until five days ago. */
    public SSLContext expired(String... names) {
        return context(ca.sign("server", EC, new Validity(DAY.multipliedBy(-10), DAY.multipliedBy(-5)), SHA256, names));
    }

    /** One that will be valid in ten days. */
    public SSLContext notYetValid(String... names) {
        return context(ca.sign("server", EC, new Validity(DAY.multipliedBy(10), DAY.multipliedBy(15)), SHA256, names));
    }

    /** One whose name is in the CN alone. */
    public SSLContext withoutAlternativeNames(String name) {
        return context(ca.sign(name, EC, VALID, SHA256));
    }

    /** One for an address, whose CN is a name. */
    public SSLContext withCommonName(String name, String address) {
        return context(ca.sign(name, EC, VALID, SHA256, address));
    }

    /** One with an RSA key of that many bits. */
    public SSLContext rsaServer(int bits, String... names) {
        return context(ca.sign("server", KeyKind.rsa(bits), VALID, SHA256, names));
    }

    /** One that is signed with SHA-1. */
    public SSLContext sha1Server(String... names) {
        return context(ca.sign("server", EC, VALID, SHA1, names));
    }

    /** One below an intermediate CA that is signed with SHA-1. */
    public SSLContext serverBelowSha1(String... names) {
        return context(ca.signCa("Intermediate", EC, SHA1).sign("server", EC, VALID, SHA256, names));
    }

    /** One below an intermediate CA that has an RSA key of that many bits. */
    public SSLContext serverBelowRsa(int bits, String... names) {
        Credential intermediate = ca.signCa("Intermediate", KeyKind.rsa(bits), SHA256);
        return context(intermediate.sign("server", EC, VALID, SHA256, names));
    }

    private static SSLContext context(Credential server) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {server.keyManager()}, null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A new pair of RSA keys, without a certificate. */
    public static KeyPair rsaKeys(int bits) {
        return KeyKind.rsa(bits).generate();
    }

    /** For a client that trusts every server, and has no certificate of its own. */
    public static SSLContext trustingAll() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAll()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            // all are welcome
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            // all are welcome
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
