package ml.helix.wolf.operator.leadership;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The Leases of other installs: who works there. Reads each Lease at most once per {@link #READ_INTERVAL}. Thread-safe;
 * blocks for a request.
 */
public final class OtherLeases {
    public static final Duration READ_INTERVAL = Duration.ofSeconds(2);

    private final KubernetesClient client;
    private final LongSupplier nanoTime;
    /** By namespace. Guarded by this. */
    private final Map<String, Seen> leases = new HashMap<>();

    /**
     * A Lease as it was last read. Times are in nanoseconds.
     *
     * @param changed when this version was first read
     * @param read when it was last read
     */
    private record Seen(String holder, String version, long changed, long read) {}

    /** @param nanoTime a clock that never jumps */
    public OtherLeases(KubernetesClient client, LongSupplier nanoTime) {
        this.client = client;
        this.nanoTime = nanoTime;
    }

    /**
     * Who works in that namespace. Empty if the Lease was released, has not changed for {@link LeaderElection#LEASE_DURATION},
     * or may not be read.
     *
     * @throws KubernetesClientException if the API server doesn't say
     */
    public synchronized Optional<String> holder(String namespace) {
        long now = nanoTime.getAsLong();
        var before = leases.get(namespace);
        var seen = before != null && now - before.read() < READ_INTERVAL.toNanos()
                ? before
                : seen(read(namespace), before, now);
        leases.put(namespace, seen);
        boolean renewed = now - seen.changed() < LeaderElection.LEASE_DURATION.toNanos();
        return Optional.of(seen.holder()).filter(holder -> renewed && !holder.isEmpty());
    }

    private static Seen seen(Optional<Lease> lease, @Nullable Seen before, long now) {
        var version =
                lease.map(found -> found.getMetadata().getResourceVersion()).orElse("");
        var holder = lease.map(found -> requireNonNullElse(found.getSpec().getHolderIdentity(), ""))
                .orElse("");
        return new Seen(
                holder, version, before != null && before.version().equals(version) ? before.changed() : now, now);
    }

    private Optional<Lease> read(String namespace) {
        try {
            return Optional.ofNullable(client.leases()
                    .inNamespace(namespace)
                    .withName(LeaderElection.NAME)
                    .get());
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
