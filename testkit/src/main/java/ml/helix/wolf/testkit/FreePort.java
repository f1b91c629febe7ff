package ml.helix.wolf.testkit;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for processes that are yet to be started and can't choose one themselves. Thread-safe.
 *
 * <p>They lie below those that Linux gives to outgoing connections and to whoever listens at port 0: until the process
 * listens, nobody else gets its port. Each process begins at a place of its own and goes round, so that two seldom meet.
 *
 * <p>Nothing listens at a port in order to look whether it is free: a process that is being started meanwhile has a copy of
 * that socket for some milliseconds, and the port would be taken for as long after it was closed here.
 */
public final class FreePort {
    private static final int FIRST = 20_000;
    private static final int COUNT = 10_000;
    private static final AtomicInteger NEXT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

    private FreePort() {}

    /**
     * One that is free now on every address, and not among the 9,999 that this process has chosen last.
     *
     * @throws IOException where all 10,000 are taken
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
