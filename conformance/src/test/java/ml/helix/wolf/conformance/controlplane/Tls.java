package ml.helix.wolf.conformance.controlplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import ml.helix.wolf.testkit.TestCertificates;

/** A certificate for {@code localhost}, made once for all tests of a JVM, in a folder that the build removes. */
final class Tls {
    private static final TestCertificates CERTIFICATES = TestCertificates.in(folder());
    private static final TestCertificates.PemFiles FILES = pemFiles("server");
    private static final SSLContext CLIENT = CERTIFICATES.client();

    private Tls() {}

    private static Path folder() {
        try {
            return Files.createTempDirectory(Path.of("target"), "tls");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What makes a control plane use the certificate. */
    static List<String> flags() {
        return List.of(
                "-tls-cert-file",
                FILES.certificate().toString(),
                "-tls-key-file",
                FILES.key().toString());
    }

    /** Makes another certificate. */
    static TestCertificates.PemFiles pemFiles(String fileName) {
        return CERTIFICATES.pemServer(fileName, "localhost", "127.0.0.1");
    }

    /** Trusts the certificates. */
    static SSLContext client() {
        return CLIENT;
    }
}
