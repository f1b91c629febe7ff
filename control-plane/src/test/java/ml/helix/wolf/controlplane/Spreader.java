package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import ml.helix.wolf.revdial.Splice;
import ml.helix.wolf.revdial.socket.SocketStream;

/** A load balancer in front of several replicas: takes each TCP connection to one of them, at random. */
final class Spreader implements AutoCloseable {
    private static final int QUEUE = 512;

    private final ServerSocket server;
    private final Supplier<List<Integer>> ports;

    /** @param ports those that are ready now */
    Spreader(Supplier<List<Integer>> ports) throws IOException {
        this.ports = ports;
        this.server = new ServerSocket(0, QUEUE, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("spreader").start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                Thread.ofVirtual().name("spread").start(() -> spread(from));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void spread(Socket from) {
        List<Integer> ready = ports.get();
        try {
            if (ready.isEmpty()) {
                from.close();
                return;
            }
            var to = new Socket(
                    InetAddress.getLoopbackAddress(),
                    ready.get(ThreadLocalRandom.current().nextInt(ready.size())));
            from.setTcpNoDelay(true);
            to.setTcpNoDelay(true);
            new Splice(new SocketStream(from), new SocketStream(to), bytes -> {}, bytes -> {}).run();
        } catch (IOException e) {
            try {
                from.close();
            } catch (IOException again) {
                // closed is closed
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
