package ml.helix.wolf.agent.transport;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose certificates are believed: the system's roots and those of a PEM file, or anybody's.
 *
 * <p>The file may change while the agent runs: {@link #refresh} takes the new one. As long as it doesn't, there is one
 * SSLContext, and so one cache of sessions. Thread-safe.
 */
public final class Trust {
    private static final Logger LOG = LoggerFactory.getLogger(Trust.class);

    private static final byte[] NO_FILE = {};

    private final Optional<Path> file;
    private final boolean blind;

    /** Null until it is needed: without TLS the system's roots are not even read. */
    private volatile @Nullable Loaded loaded;

    @SuppressWarnings("ArrayRecordComponent")
    private record Loaded(byte[] pem, SSLContext context) {}

    private Trust(Optional<Path> file, boolean blind) {
        this.file = file;
        this.blind = blind;
        this.loaded = file.map(Trust::bytes).map(this::load).orElse(null);
    }

    /**
     * @param caFile certificates in PEM, believed beside the system's roots
     * @param blind believes any certificate of any name
     * @throws IllegalArgumentException where the file can't be read or has no certificate in it
     */
    public static Trust of(Optional<Path> caFile, boolean blind) {
        return new Trust(caFile, blind);
    }

    boolean blind() {
        return blind;
    }

    SSLContext context() {
        Loaded now = loaded;
        if (now == null) {
            synchronized (this) {
                now = loaded;
                if (now == null) {
                    now = load(NO_FILE);
                    loaded = now;
                }
            }
        }
        return now.context();
    }

    /** Reads the file again; where that fails the certificates read before stay in force. */
    public void refresh() {
        Loaded now = loaded;
        if (file.isEmpty() || now == null) {
            return;
        }
        try {
            byte[] pem = bytes(file.get());
            if (!Arrays.equals(pem, now.pem())) {
                loaded = load(pem);
                LOG.info("CA file {} has changed, its new certificates are in force", file.get());
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("CA file {}; the certificates read before stay in force", e.getMessage());
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("'" + file + "' can't be read", e);
        }
    }

    private Loaded load(byte[] pem) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {blind ? new Anybody() : known(pem)}, null);
            return new Loaded(pem, context);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "'" + file.map(Path::toString).orElse("") + "' has no certificate in PEM", e);
        }
    }

    private static TrustManager known(byte[] pem) throws GeneralSecurityException, IOException {
        if (pem == NO_FILE) {
            return manager(null);
        }
        Collection<? extends Certificate> added =
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem));
        if (added.isEmpty()) {
            throw new CertificateException("no certificate");
        }
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (Certificate certificate : manager(null).getAcceptedIssuers()) {
            store.setCertificateEntry("system-" + number++, certificate);
        }
        for (Certificate certificate : added) {
            store.setCertificateEntry("file-" + number++, certificate);
        }
        return manager(store);
    }

    private static X509TrustManager manager(@Nullable KeyStore store) throws GeneralSecurityException {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    /** For {@code -insecure}. An extended manager, because JSSE adds checks of its own to any other. */
    private static final class Anybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
