package ml.helix.wolf.bench.streams;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import javax.net.SocketFactory;
import ml.helix.wolf.testkit.TestCertificates;

/**
 * What all tunnels of a measurement share.
 *
 * @param root the checkout
 * @param local the service in Wolf's place, as an agent reaches it
 * @param tls for tunnels over TLS
 */
public record Bench(Path root, InetSocketAddress local, Optional<Tls> tls, Place place) {

    /** All on the loopback address of this machine. */
    public Bench(Path root, LocalService service, Optional<Tls> tls) {
        this(root, service.address(), tls, Place.HERE);
    }

    /**
     * Where programs run.
     *
     * @param server the address on which servers listen for agents
     * @param agentPrefix words before an agent's command, for example to run it in another network namespace
     * @param front where an agent finds the server with this port: the port of something in between, or itself
     * @param forwards how many ports of a control plane of ours lead to the agent
     */
    public record Place(InetAddress server, List<String> agentPrefix, IntUnaryOperator front, int forwards) {
        /** All on the loopback address, with nothing in between. */
        public static final Place HERE =
                new Place(InetAddress.getLoopbackAddress(), List.of(), IntUnaryOperator.identity(), 1);
    }

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
