package ml.helix.wolf.agent.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * Looks up names by the system's resolver. A lookup blocks in native code and can't be interrupted, so it runs on one of
 * {@value #THREADS} threads of its own, and the caller waits until its deadline at most. Thread-safe.
 */
public final class Resolver {
    private static final Pattern IPV4 = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+");
    private static final int THREADS = 4;
    private static final List<InetAddress> LOCALHOST =
            List.of(InetAddress.ofLiteral("::1"), InetAddress.ofLiteral("127.0.0.1"));

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
     * The addresses in the order to try them. {@code localhost} is ::1, then 127.0.0.1, not what the hosts file says.
     *
     * @throws TunnelException DnsFailure, naming the host
     */
    public List<InetSocketAddress> resolve(String host, int port, Deadline deadline) throws TunnelException {
        if (host.equalsIgnoreCase("localhost")) {
            return at(port, LOCALHOST);
        }
        Optional<InetAddress> literal = literal(host);
        if (literal.isPresent()) {
            return at(port, List.of(literal.get()));
        }
        Future<InetAddress[]> lookup = lookups.submit(() -> InetAddress.getAllByName(host));
        try {
            return at(port, List.of(lookup.get(deadline.millisLeft(), TimeUnit.MILLISECONDS)));
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

    private static List<InetSocketAddress> at(int port, List<InetAddress> addresses) {
        return addresses.stream()
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }

    /** The address that the text is; empty if it is a name, which is not looked up. */
    public static Optional<InetAddress> literal(String text) {
        if (!text.contains(":") && !IPV4.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
