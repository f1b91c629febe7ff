package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import ml.helix.wolf.program.certificates.CaBundle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which certificates are accepted: those issued by the system's roots and by the CAs of a PEM file, or any.
 *
 * <p>The file may change while the agent runs; {@link #refresh} reads it again. While it stays the same there is one
 * SSLContext, and so one cache of TLS sessions. Thread-safe.
 */
public final class Trust {
    private static final Logger LOG = LoggerFactory.getLogger(Trust.class);

    private static final byte[] NO_FILE = {};

    private final Optional<Path> file;
    private final boolean insecure;

    /** Null until it is needed: without TLS the system's roots are never read. */
    private volatile @Nullable Loaded loaded;

    /** @param weak the certificates of the file that are not trusted, a sentence each */
    @SuppressWarnings("ArrayRecordComponent")
    private record Loaded(byte[] pem, SSLContext context, List<String> weak) {}

    private Trust(Optional<Path> file, boolean insecure) {
        this.file = file;
        this.insecure = insecure;
        this.loaded = file.map(Trust::bytes).map(this::load).orElse(null);
    }

    /**
     * @param caFile CA certificates in PEM, trusted beside the system's roots
     * @param insecure whether to accept any certificate for any name
     * @throws IllegalArgumentException if the file can't be read or {@link CaBundle} refuses its content
     */
    public static Trust of(Optional<Path> caFile, boolean insecure) {
        return new Trust(caFile, insecure);
    }

    boolean insecure() {
        return insecure;
    }

    /** Risks of the current settings and certificates, a sentence each. */
    public List<String> warnings() {
        if (insecure) {
            return List.of("-insecure is set: any certificate is accepted, so anybody on the way can read the token"
                    + " and all streams; use -ca-file instead");
        }
        Loaded now = loaded;
        return now == null ? List.of() : warnings(now);
    }

    private List<String> warnings(Loaded now) {
        return now.weak().stream()
                .map(sentence -> "CA file " + file.orElseThrow() + ": a certificate is left out: " + sentence)
                .toList();
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

    /** Reads the file again. If that fails, the previous certificates stay in force. */
    public void refresh() {
        Loaded now = loaded;
        if (file.isEmpty() || now == null) {
            return;
        }
        try {
            byte[] pem = bytes(file.get());
            if (!Arrays.equals(pem, now.pem())) {
                Loaded changed = load(pem);
                synchronized (this) {
                    if (loaded != now) {
                        return; // another connection has read it meanwhile
                    }
                    loaded = changed;
                }
                LOG.info("CA file {} has changed; its new certificates are in force", file.get());
                warnings(changed).forEach(LOG::warn);
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("CA file {}; the previous certificates stay in force", e.getMessage());
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
            List<X509Certificate> authorities = new ArrayList<>();
            List<String> weak = List.of();
            if (pem != NO_FILE && !insecure) {
                CaBundle bundle = CaBundle.parse(pem);
                authorities.addAll(bundle.certificates());
                weak = bundle.weak();
            }
            TrustManager manager = new AcceptAny();
            if (!insecure) {
                authorities.addAll(List.of(systemRoots()));
                manager = StrictTrustManager.of(authorities);
            }
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {manager}, null);
            return new Loaded(pem, context, weak);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + file.map(Path::toString).orElse("") + "' " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the certificates to trust can't be used: " + e.getMessage(), e);
        }
    }

    private static X509Certificate[] systemRoots() throws GeneralSecurityException {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers();
    }

    /** For {@code -insecure}. Extended, because JSSE adds its own checks to a plain X509TrustManager. */
    private static final class AcceptAny extends X509ExtendedTrustManager {
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
