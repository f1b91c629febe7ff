package ml.helix.wolf.operator.leadership;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.function.Function;

/** The Lease in the cluster. A request takes {@link #PATIENCE} at most: rather a new one than one that hangs. */
final class KubernetesLease implements LeaseStore {
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final KubernetesClient client;
    private final String namespace;
    private final String name;
    private final Duration lasts;
    private final InstantSource clock;

    private KubernetesLease(
            KubernetesClient client, String namespace, String name, Duration lasts, InstantSource clock) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        this.lasts = lasts;
        this.clock = clock;
    }

    /** @param clock for the times in it, which are for people to read */
    static KubernetesLease of(KubernetesClient client, String name, Duration lasts, InstantSource clock) {
        var namespace = client.getConfiguration().getNamespace();
        if (namespace == null) {
            throw new IllegalStateException("leader election needs a namespace: name one in the kubeconfig's context");
        }
        return new KubernetesLease(client, namespace, name, lasts, clock);
    }

    @Override
    public Optional<LeaseRecord> read() {
        return briefly(api -> api.leases().inNamespace(namespace).withName(name).get())
                .map(KubernetesLease::view);
    }

    @Override
    public Outcome write(Optional<LeaseRecord> before, String holder) {
        boolean same = before.filter(view -> view.holder().equals(holder)).isPresent();
        var now = ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        var acquired = before.filter(view -> same).map(LeaseRecord::acquired);
        var lease = new LeaseBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withResourceVersion(before.map(LeaseRecord::version).orElse(null))
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(holder)
                .withLeaseDurationSeconds((int) lasts.toSeconds())
                .withAcquireTime(acquired.map(ZonedDateTime::parse).orElse(now))
                .withRenewTime(now)
                .withLeaseTransitions(before.map(view -> view.transitions() + (same || holder.isEmpty() ? 0 : 1))
                        .orElse(0))
                .endSpec()
                .build();
        try {
            briefly(api -> before.isPresent()
                    ? api.resource(lease).patch(PatchContext.of(PatchType.JSON_MERGE))
                    : api.resource(lease).create());
            return Outcome.WRITTEN;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return Outcome.CONFLICT;
            }
            throw e;
        }
    }

    private Optional<Lease> briefly(Function<KubernetesClient, Lease> request) {
        var once = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestTimeout((int) PATIENCE.toMillis())
                .withRequestRetryBackoffLimit(0)
                .build();
        return Optional.ofNullable(client.adapt(io.fabric8.kubernetes.client.NamespacedKubernetesClient.class)
                .withRequestConfig(once)
                .call(request::apply));
    }

    private static LeaseRecord view(Lease lease) {
        var spec = lease.getSpec();
        return new LeaseRecord(
                requireNonNullElse(spec.getHolderIdentity(), ""),
                Duration.ofSeconds(requireNonNullElse(spec.getLeaseDurationSeconds(), 0)),
                lease.getMetadata().getResourceVersion(),
                requireNonNullElse(spec.getLeaseTransitions(), 0),
                spec.getAcquireTime() == null ? null : spec.getAcquireTime().toString());
    }
}
