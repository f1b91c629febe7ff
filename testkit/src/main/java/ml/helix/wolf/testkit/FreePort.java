package ml.helix.wolf.testkit;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for processes that a test starts and that can't choose one themselves. Thread-safe.
 *
 * <p>They are below the range from which Linux takes ports for outgoing connections and for port 0, so nobody else gets the
 * port before the process listens. Each test process starts at a random place and goes round, so two seldom collide.
 *
 * <p>Probes without listening: a process that is started meanwhile inherits a copy of a listening socket for some
 * milliseconds, and would keep the port taken after the socket is closed here.
 */
public final class FreePort {
    private static final int FIRST = 20_000;
    private static final int COUNT = 10_000;
    private static final AtomicInteger NEXT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

    private FreePort() {}

    /**
     * A port that is free on every address, and is none of the last 9,999 that this process has chosen.
     *
     * @throws IOException if all 10,000 are taken
     */
    public static int choose() throws IOException {
        for (int tries = 0; tries < COUNT; tries++) {
            int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
            try (var probe = new Socket()) {
                probe.setReuseAddress(true);
                probe.bind(new InetSocketAddress(port));
                return port;
            } catch (BindException e) {
                // taken: the next one
            }
        }
        throw new IOException("no port from " + FIRST + " to " + (FIRST + COUNT - 1) + " is free");
    }
}
