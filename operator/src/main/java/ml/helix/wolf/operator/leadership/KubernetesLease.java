package ml.helix.wolf.operator.leadership;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
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

/** The Lease in the cluster. A request times out after {@link #TIMEOUT} and is not repeated: the election tries again. */
final class KubernetesLease implements LeaseStore {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final KubernetesClient client;
    private final String namespace;
    private final String name;
    private final Duration duration;
    private final InstantSource clock;

    private KubernetesLease(
            KubernetesClient client, String namespace, String name, Duration duration, InstantSource clock) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        this.duration = duration;
        this.clock = clock;
    }

    /**
     * A Lease in the client's own namespace.
     *
     * @param clock for the times in the Lease, which only people read
     * @throws IllegalStateException if the client has no namespace
     */
    static KubernetesLease of(KubernetesClient client, String name, Duration duration, InstantSource clock) {
        var namespace = client.getConfiguration().getNamespace();
        if (namespace == null) {
            throw new IllegalStateException("leader election needs a namespace: name one in the kubeconfig's context");
        }
        return new KubernetesLease(client, namespace, name, duration, clock);
    }

    @Override
    public Optional<LeaseRecord> read() {
        return once(api -> api.leases().inNamespace(namespace).withName(name).get())
                .map(KubernetesLease::read);
    }

    @Override
    public Outcome write(Optional<LeaseRecord> before, String holder) {
        boolean sameHolder =
                before.filter(found -> found.holder().equals(holder)).isPresent();
        var now = ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        var acquired = before.filter(found -> sameHolder).map(LeaseRecord::acquired);
        var lease = new LeaseBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withResourceVersion(before.map(LeaseRecord::version).orElse(null))
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(holder)
                .withLeaseDurationSeconds((int) duration.toSeconds())
                .withAcquireTime(acquired.map(ZonedDateTime::parse).orElse(now))
                .withRenewTime(now)
                .withLeaseTransitions(
                        before.map(found -> found.transitions() + (sameHolder || holder.isEmpty() ? 0 : 1))
                                .orElse(0))
                .endSpec()
                .build();
        try {
            once(api -> before.isPresent()
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

    private Optional<Lease> once(Function<KubernetesClient, Lease> request) {
        var noRetries = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestTimeout((int) TIMEOUT.toMillis())
                .withRequestRetryBackoffLimit(0)
                .build();
        return Optional.ofNullable(client.adapt(NamespacedKubernetesClient.class)
                .withRequestConfig(noRetries)
                .call(request::apply));
    }

    private static LeaseRecord read(Lease lease) {
        var spec = lease.getSpec();
        return new LeaseRecord(
                requireNonNullElse(spec.getHolderIdentity(), ""),
                Duration.ofSeconds(requireNonNullElse(spec.getLeaseDurationSeconds(), 0)),
                lease.getMetadata().getResourceVersion(),
                requireNonNullElse(spec.getLeaseTransitions(), 0),
                spec.getAcquireTime() == null ? null : spec.getAcquireTime().toString());
    }
}
