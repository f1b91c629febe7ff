package ml.helix.wolf.e2e.parts;

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

/** Takes TLS connections and passes what is in them on to a plain server: an ingress of one route. */
final class TlsFront {
    static final char[] PASSWORD = "changeit".toCharArray();

    private TlsFront() {}

    /** @param keyStore a PKCS #12 file with the certificate to show; its password is {@code changeit} */
    static void start(InetSocketAddress address, Path keyStore, InetSocketAddress target)
            throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(keyStore.toFile(), PASSWORD);
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        SSLServerSocket server = (SSLServerSocket) tls.getServerSocketFactory().createServerSocket();
        server.bind(address);
        Thread.ofPlatform().name("tls-front").start(() -> accept(server, target));
    }

    private static void accept(SSLServerSocket server, InetSocketAddress target) {
        while (true) {
            try {
                Socket caller = server.accept();
                Thread.ofVirtual().start(() -> pass(caller, target));
            } catch (IOException e) {
                throw new IllegalStateException("the TLS front can't accept", e);
            }
        }
    }

    private static void pass(Socket caller, InetSocketAddress target) {
        try (caller;
                Socket server = new Socket(target.getAddress(), target.getPort())) {
            Thread back = Thread.ofVirtual().start(() -> copy(server, caller));
            copy(caller, server);
            back.join();
        } catch (IOException | InterruptedException e) {
            System.err.println("tls-front: " + e.getMessage());
        }
    }

    /** Copies until either side ends, and then ends both. */
    private static void copy(Socket from, Socket to) {
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException e) {
            System.err.println("tls-front: " + e.getMessage());
        }
    }
}
