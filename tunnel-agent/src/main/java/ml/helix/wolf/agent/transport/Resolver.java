package ml.helix.wolf.agent.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * Names to addresses, by the system's resolver. A lookup blocks its thread in native code and can't be interrupted, so
 * lookups have a few threads of their own, and who asks waits no longer than its deadline. Thread-safe.
 */
public final class Resolver {
    private static final int THREADS = 4;

    private final ThreadPoolExecutor lookups = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("resolver-", 0).daemon().factory());

    public Resolver() {
        lookups.allowCoreThreadTimeOut(true);
    }

    /**
     * The addresses in the order to try them; {@code localhost} is ::1, then 127.0.0.1, whatever the hosts file says.
     *
     * @throws TunnelException DnsFailure, naming the host
     */
    public List<InetSocketAddress> resolve(String host, int port, Deadline deadline) throws TunnelException {
        Future<List<InetAddress>> lookup = lookups.submit(() -> lookup(host));
        try {
            return lookup.get(deadline.leftMillis(), TimeUnit.MILLISECONDS).stream()
                    .map(address -> new InetSocketAddress(address, port))
                    .toList();
        } catch (ExecutionException e) {
            throw new TunnelException(
                    FailureReason.DNS_FAILURE, "the name " + host + " does not resolve; check it and the resolver", e);
        } catch (TimeoutException e) {
            throw new TunnelException(
                    FailureReason.DNS_FAILURE, "looking up " + host + " timed out; check the resolver", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TunnelException(FailureReason.DNS_FAILURE, "looking up " + host + " was interrupted", e);
        } finally {
            lookup.cancel(false);
        }
    }

    private static List<InetAddress> lookup(String host) throws UnknownHostException {
        if (host.equalsIgnoreCase("localhost")) {
            return List.of(
                    InetAddress.getByAddress("localhost", new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
                    InetAddress.getByAddress("localhost", new byte[] {127, 0, 0, 1}));
        }
        return List.of(InetAddress.getAllByName(host));
    }
}
