package ml.helix.wolf.bench.longhaul;

import java.io.IOException;
import java.net.InetAddress;
import ml.helix.wolf.bench.streams.LocalService;

/** The local service as a process of its own, beside the agent in the far network namespace. Prints its port. */
public final class FarService {
    private FarService() {}

    /** Usage: {@code FarService ROOT ADDRESS}; ends with its input. */
    public static void main(String[] arguments) throws IOException {
        try (var service = LocalService.start(InetAddress.ofLiteral(arguments[1]))) {
            System.out.println(service.address().getPort());
            System.in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        System.exit(0);
    }
}
