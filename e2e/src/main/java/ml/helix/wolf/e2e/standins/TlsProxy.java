package ml.helix.wolf.e2e.standins;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** Accepts TLS connections and relays their bytes to a server without TLS, as an ingress does. */
final class TlsProxy {
    static final char[] PASSWORD = "changeit".toCharArray();

    private TlsProxy() {}

    /** @param keyStore a PKCS #12 file with the server certificate; its password is {@code changeit} */
    static void start(InetSocketAddress address, Path keyStore, InetSocketAddress target)
            throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(keyStore.toFile(), PASSWORD);
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        SSLServerSocket server = (SSLServerSocket) tls.getServerSocketFactory().createServerSocket();
        server.bind(address);
        Thread.ofPlatform().name("tls-proxy").start(() -> accept(server, target));
    }

    private static void accept(SSLServerSocket server, InetSocketAddress target) {
        while (true) {
            try {
                Socket caller = server.accept();
                Thread.ofVirtual().start(() -> relay(caller, target));
            } catch (IOException e) {
                throw new IllegalStateException("the TLS proxy can't accept", e);
            }
        }
    }

    private static void relay(Socket caller, InetSocketAddress target) {
        try (caller;
                Socket server = new Socket(target.getAddress(), target.getPort())) {
            Thread back = Thread.ofVirtual().start(() -> copy(server, caller));
            copy(caller, server);
            back.join();
        } catch (IOException | InterruptedException e) {
            System.err.println("tls-proxy: " + e.getMessage());
        }
    }

    /** Copies until either side ends, then closes both. */
    private static void copy(Socket from, Socket to) {
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException e) {
            System.err.println("tls-proxy: " + e.getMessage());
        }
    }
}
