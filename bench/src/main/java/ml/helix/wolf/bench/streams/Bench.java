package ml.helix.wolf.bench.streams;

import java.nio.file.Path;
import java.util.Optional;
import javax.net.SocketFactory;
import ml.helix.wolf.testkit.TestCertificates;

/**
 * What all tunnels of a measurement share.
 *
 * @param root the checkout
 * @param service in Wolf's place
 * @param tls for tunnels over TLS
 */
public record Bench(Path root, LocalService service, Optional<Tls> tls) {

    /**
     * @param caFile what agents trust
     * @param server the control plane's certificate
     * @param sockets a caller's
     */
    public record Tls(Path caFile, TestCertificates.PemFiles server, SocketFactory sockets) {
        /** A CA and a certificate for localhost (P-256), in that folder. */
        public static Tls in(Path folder) {
            var certificates = TestCertificates.in(folder);
            return new Tls(
                    certificates.caFile(),
                    certificates.pemServer("server", "localhost"),
                    certificates.client().getSocketFactory());
        }
    }

    SocketFactory sockets() {
        return tls.<SocketFactory>map(Tls::sockets).orElseGet(SocketFactory::getDefault);
    }
}
