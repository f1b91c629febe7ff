package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate of {@link CertificateFiles}. The files are looked at again when it is asked for and the last look is {@link
 * #INTERVAL} ago. If they can't be used, the last pair stays, and the reason is logged once. Thread safe.
 */
final class ReloadedCertificate {
    static final Duration INTERVAL = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(ReloadedCertificate.class);

    private final CertificateFiles files;
    private final LongSupplier nanoTime;

    // All guarded by this.
    private List<CertificateFiles.Stamp> stamps;
    private SSLContext context;
    private long lookedAt;
    /** Why the last look failed, "" if it didn't. */
    private String lastProblem = "";

    /** @throws IOException if a file can't be read, or if the files are no pair */
    ReloadedCertificate(CertificateFiles files, LongSupplier nanoTime) throws IOException {
        this.files = files;
        this.nanoTime = nanoTime;
        stamps = files.stamps();
        try {
            context = load();
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
        lookedAt = nanoTime.getAsLong();
    }

    synchronized SSLContext current() {
        return context;
    }

    /** Passes a new context on. The others wait meanwhile, so that an older one never comes last. */
    synchronized void ifChanged(Consumer<SSLContext> use) {
        long now = nanoTime.getAsLong();
        if (now - lookedAt < INTERVAL.toNanos()) {
            return;
        }
        lookedAt = now;
        try {
            // Before the content: what is written between the two is seen the next time.
            List<CertificateFiles.Stamp> newStamps = files.stamps();
            if (newStamps.equals(stamps) && lastProblem.isEmpty()) {
                return;
            }
            context = load();
            stamps = newStamps;
            lastProblem = "";
        } catch (IOException | IllegalArgumentException e) {
            String problem = String.valueOf(e.getMessage());
            if (!problem.equals(lastProblem)) {
                log.warn("The new certificate can't be used, the last one stays: {}", problem);
            }
            lastProblem = problem;
            return;
        }
        use.accept(context);
    }

    private SSLContext load() throws IOException {
        CertificateAndKey read = files.read();
        SSLContext made = read.context();
        X509Certificate own = read.chain().getFirst();
        String subject = own.getSubjectX500Principal().getName();
        if (own.getNotAfter().toInstant().isBefore(InstantSource.system().instant())) {
            log.warn(
                    "The certificate of {} has expired: {}",
                    subject,
                    own.getNotAfter().toInstant());
        } else {
            log.info(
                    "TLS with the certificate of {}, valid until {}",
                    subject,
                    own.getNotAfter().toInstant());
        }
        return made;
    }
}
