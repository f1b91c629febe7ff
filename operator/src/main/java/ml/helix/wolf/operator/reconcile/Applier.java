package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.FunctionCallable;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.desired.Digests;

/**
 * Server-side apply of the objects that a WolfTunnel owns. It sends a request only if there is something to apply: the first
 * time in this process, if the desired object differs from the one applied last, and if the present object differs from what
 * the API server made of that one. An object of another owner is left alone.
 *
 * <p>Only our fields are compared, with their values in the API server's own notation (see {@link OwnedFields}). So defaults,
 * other managers' fields, and what a mutating webhook makes of our fields in each apply are no difference. The first apply
 * after a start changes nothing in the cluster unless something has changed.
 *
 * <p>If somebody undoes each apply, the operator repairs the object {@link #IMMEDIATE_REPAIRS} times at once. Before each
 * further repair it waits, from {@link #FIRST_REPAIR_DELAY} to {@link #MAX_REPAIR_DELAY}.
 *
 * <p>An applied object that the cache lacks is taken for present for {@link #CACHE_LAG}, unless {@link #onDeleted} says that
 * it was deleted.
 *
 * <p>Thread-safe.
 */
final class Applier {
    static final PatchContext APPLY = new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager(AgentMetadata.FIELD_MANAGER)
            .withForce(true)
            .build();

    /** How long a cache may lag behind an answer. */
    static final Duration CACHE_LAG = Duration.ofSeconds(10);

    /** Of a request that is answered with an error; all within a second. */
    private static final int RETRIES = 2;

    static final int IMMEDIATE_REPAIRS = 3;
    static final Duration FIRST_REPAIR_DELAY = Duration.ofSeconds(5);
    static final Duration MAX_REPAIR_DELAY = Duration.ofMinutes(5);

    private final KubernetesClient client;
    private final LongSupplier nanoTime;
    private final Map<String, Applied> applied = new ConcurrentHashMap<>();

    /**
     * An object as it was applied last.
     *
     * @param desired a digest of what was applied
     * @param newest what the API server made of it, until the cache has that or something newer; then the cached object itself
     * @param ownFields a digest of our fields in the answer
     * @param answered when the answer came, in nanoseconds
     * @param repairs how often it was applied because somebody had changed it, without a long quiet time between
     */
    private record Applied(String desired, HasMetadata newest, String ownFields, long answered, int repairs) {
        Applied with(HasMetadata seen) {
            return new Applied(desired, seen, ownFields, answered, repairs);
        }

        Duration untilNextRepair(long now) {
            if (repairs < IMMEDIATE_REPAIRS) {
                return Duration.ZERO;
            }
            return delayAfter(repairs).minusNanos(now - answered);
        }

        /** The number with one more repair. */
        int repairsWithOneMore(long now) {
            boolean longQuiet = now - answered > 2 * delayAfter(repairs).toNanos();
            return longQuiet ? 1 : repairs + 1;
        }

        private static Duration delayAfter(int repairs) {
            int doublings = Math.clamp(repairs - IMMEDIATE_REPAIRS, 0, 10);
            var delay = FIRST_REPAIR_DELAY.multipliedBy(1L << doublings);
            return delay.compareTo(MAX_REPAIR_DELAY) < 0 ? delay : MAX_REPAIR_DELAY;
        }
    }

    Applier(KubernetesClient client) {
        this(client, System::nanoTime);
    }

    /** @param nanoTime a clock that never jumps */
    Applier(KubernetesClient client, LongSupplier nanoTime) {
        this.client = client;
        this.nanoTime = nanoTime;
    }

    /** What became of a desired object. */
    sealed interface Outcome<T> {
        /**
         * It is as desired.
         *
         * @param object its newest state that is known
         * @param written whether a request was made; the API server may have found nothing to change
         */
        record Applied<T>(T object, boolean written) implements Outcome<T> {}

        /** Another object has its name, and the WolfTunnel must not change that one. */
        record NotOurs<T>(T present, Ownership ownership) implements Outcome<T> {}

        /** Somebody changes it again and again; it is repaired after a delay. */
        record Contested<T>(T present, Duration delay) implements Outcome<T> {}
    }

    /** The API server did not accept an object, or did not answer. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient HasMetadata object;
        private final KubernetesClientException answer;

        Failure(HasMetadata object, KubernetesClientException answer) {
            super(answer.getMessage(), answer);
            this.object = object;
            this.answer = answer;
        }

        HasMetadata object() {
            return object;
        }

        KubernetesClientException answer() {
            return answer;
        }
    }

    /**
     * @param desired with an owner reference to its WolfTunnel
     * @param cached from the cache, which may be older than the last apply, and lacks objects without our labels
     * @throws Failure if the API server refuses the object or does not answer
     */
    <T extends HasMetadata> Outcome<T> apply(T desired, Optional<T> cached) {
        var key = key(desired);
        var digest = Digests.of(client.getKubernetesSerialization().asJson(desired));
        var last = applied.get(key);
        boolean same = last != null && last.desired().equals(digest);
        if (last != null && same && isUnchanged(last, cached)) {
            var newest = newest(last.newest(), cached);
            applied.replace(key, last, last.with(newest));
            return new Outcome.Applied<>(newest, false);
        }
        try {
            var present = cached.or(() -> read(desired));
            var ownership = present.map(object -> Ownership.of(object, desired));
            if (ownership.isPresent() && !ownership.get().permitsChanges()) {
                return new Outcome.NotOurs<>(present.get(), ownership.get());
            }
            if (ownership.filter(Ownership.ORPHAN::equals).isPresent() && !ownerExists(desired)) {
                return new Outcome.NotOurs<>(present.get(), Ownership.LEFTOVER);
            }
            long now = nanoTime.getAsLong();
            boolean repair = last != null && same && present.isPresent();
            if (last != null && repair && last.untilNextRepair(now).isPositive()) {
                return new Outcome.Contested<>(present.get(), last.untilNextRepair(now));
            }
            var answer = patch(withUid(desired, present));
            applied.put(
                    key,
                    new Applied(
                            digest,
                            answer,
                            OwnedFields.digest(answer, AgentMetadata.FIELD_MANAGER),
                            nanoTime.getAsLong(),
                            last != null && repair ? last.repairsWithOneMore(now) : 0));
            return new Outcome.Applied<>(answer, true);
        } catch (KubernetesClientException e) {
            throw new Failure(desired, e);
        }
    }

    /**
     * Asks the API server whether the WolfTunnel exists and is not being deleted. A deletion with {@code --cascade=orphan} marks
     * the WolfTunnel before it removes the owner references, but the cache may lag behind. If an orphan got its owner back at
     * that moment, the garbage collector would delete it, with its pods.
     */
    private boolean ownerExists(HasMetadata desired) {
        var owner = desired.getMetadata().getOwnerReferences().getFirst();
        // the operator's role allows list, and no get
        var found = withFewRetries().call(api -> api.resources(WolfTunnel.class)
                .inNamespace(desired.getMetadata().getNamespace())
                .withField("metadata.name", owner.getName())
                .list());
        return found.getItems().stream()
                .anyMatch(resource ->
                        owner.getUid().equals(resource.getMetadata().getUid()) && !resource.isMarkedForDeletion());
    }

    /** With the uid of the present object, so that the API server refuses the patch if another one has replaced it. */
    private <T extends HasMetadata> T withUid(T desired, Optional<T> present) {
        if (present.isEmpty()) {
            return desired;
        }
        var patch = client.getKubernetesSerialization().clone(desired);
        patch.getMetadata().setUid(present.get().getMetadata().getUid());
        return patch;
    }

    private <T extends HasMetadata> Optional<T> read(T desired) {
        return Optional.ofNullable(
                withFewRetries().call(api -> api.resource(desired).get()));
    }

    private <T extends HasMetadata> T patch(T patch) {
        return withFewRetries().call(api -> api.resource(patch).patch(APPLY));
    }

    /** By default the client repeats a failing request for minutes, and the status would not say so meanwhile. */
    private FunctionCallable<? extends NamespacedKubernetesClient> withFewRetries() {
        return client.adapt(NamespacedKubernetesClient.class)
                .withRequestConfig(
                        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                .withRequestRetryBackoffLimit(RETRIES)
                                .build());
    }

    void forget(HasMetadata object) {
        applied.remove(key(object));
    }

    /** Makes the next apply send the object again, if it is this one that was deleted and not another of its name. */
    void onDeleted(HasMetadata object) {
        applied.computeIfPresent(key(object), (key, last) -> sameUid(last.newest(), object) ? null : last);
    }

    /** The cached object, unless the cache lags behind the answer. Both are of one kind. */
    @SuppressWarnings("unchecked")
    private static <T extends HasMetadata> T newest(HasMetadata answer, Optional<T> cached) {
        return cached.filter(seen -> !ResourceVersions.isNewer(answer, seen)).orElse((T) answer);
    }

    private boolean isUnchanged(Applied last, Optional<? extends HasMetadata> cached) {
        if (cached.isEmpty()) {
            return nanoTime.getAsLong() - last.answered() < CACHE_LAG.toNanos();
        }
        var now = cached.get();
        return sameUid(last.newest(), now)
                && (sameVersion(last.newest(), now)
                        || ResourceVersions.isNewer(last.newest(), now)
                        || OwnedFields.digest(now, AgentMetadata.FIELD_MANAGER).equals(last.ownFields()));
    }

    private static boolean sameUid(HasMetadata one, HasMetadata other) {
        return String.valueOf(one.getMetadata().getUid())
                .equals(other.getMetadata().getUid());
    }

    private static boolean sameVersion(HasMetadata one, HasMetadata other) {
        return String.valueOf(one.getMetadata().getResourceVersion())
                .equals(other.getMetadata().getResourceVersion());
    }

    private static String key(HasMetadata object) {
        var metadata = object.getMetadata();
        return object.getKind() + "/" + metadata.getNamespace() + "/" + metadata.getName();
    }
}
