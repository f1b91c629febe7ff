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

/**
 * Server-side apply of objects that belong to a tunnel, only where there is something to apply: the first time in this
 * process, when what is desired differs from what was applied last, and when what is there differs from what the API server
 * made of that. An object that isn't the tunnel's is left alone.
 *
 * <p>"Differs" is about our fields alone, and about their values in the API server's own notation (see {@link OwnedFields}):
 * defaults, other managers' fields and what a mutating webhook makes of ours in each apply are no difference. The first
 * apply after a start changes nothing in the cluster where nothing has changed.
 *
 * <p>Somebody who undoes each apply is not fought: after {@link #REPAIRS_AT_ONCE} repairs the next ones wait, from
 * {@link #FIRST_WAIT} to {@link #LONGEST_WAIT}.
 *
 * <p>An object that was applied and is not in the cache is on its way there, for {@link #ON_ITS_WAY} at most, unless it is
 * told to be {@link #gone}.
 *
 * <p>Thread-safe.
 */
final class Applier {
    static final String FIELD_MANAGER = "wolf-tunnel-operator";
    static final PatchContext APPLY = new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager(FIELD_MANAGER)
            .withForce(true)
            .build();

    /** How long a cache may lag behind an answer. */
    static final Duration ON_ITS_WAY = Duration.ofSeconds(10);

    /** Of a request that is answered with an error, within a second. */
    private static final int REPETITIONS = 2;

    static final int REPAIRS_AT_ONCE = 3;
    static final Duration FIRST_WAIT = Duration.ofSeconds(5);
    static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

    private final KubernetesClient client;
    private final LongSupplier nanoTime;
    private final Map<String, Applied> applied = new ConcurrentHashMap<>();

    /**
     * @param answer what the API server made of it
     * @param ours a digest of the fields that are ours in it
     * @param answered when, in nanoseconds
     * @param repairs how often it was applied because somebody had changed it, and no long peace between
     */
    private record Applied(HasMetadata desired, HasMetadata answer, String ours, long answered, int repairs) {
        Duration untilNextRepair(long now) {
            if (repairs < REPAIRS_AT_ONCE) {
                return Duration.ZERO;
            }
            return waitAfter(repairs).minusNanos(now - answered);
        }

        /** Of one more repair. */
        int repairsBy(long now) {
            boolean peace = now - answered > 2 * waitAfter(repairs).toNanos();
            return peace ? 1 : repairs + 1;
        }

        private static Duration waitAfter(int repairs) {
            int doublings = Math.clamp(repairs - REPAIRS_AT_ONCE, 0, 10);
            var wait = FIRST_WAIT.multipliedBy(1L << doublings);
            return wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT;
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

    /** What has become of a desired object. */
    sealed interface Outcome<T> {
        /**
         * It is as desired.
         *
         * @param object as it is now, as far as is known
         * @param written whether a request was made; the API server may have found nothing to change
         */
        record Applied<T>(T object, boolean written) implements Outcome<T> {}

        /** There is another of its name that the tunnel must not change. */
        record NotOurs<T>(T present, Ownership ownership) implements Outcome<T> {}

        /** Somebody changes it again and again; it is repaired after a pause. */
        record Contested<T>(T present, Duration pause) implements Outcome<T> {}
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
     * @param desired with an owner reference to its tunnel
     * @param cached as the cache has it; it may be older than the last apply, and lacks objects without our labels
     * @throws Failure as the API server answers
     */
    <T extends HasMetadata> Outcome<T> apply(T desired, Optional<T> cached) {
        var key = key(desired);
        var last = applied.get(key);
        boolean same = last != null && last.desired().equals(desired);
        if (last != null && same && untouched(last, cached)) {
            return new Outcome.Applied<>(newest(last.answer(), cached), false);
        }
        try {
            var present = cached.or(() -> read(desired));
            var ownership = present.map(object -> Ownership.of(object, desired));
            if (ownership.isPresent() && !ownership.get().permitsChanges()) {
                return new Outcome.NotOurs<>(present.get(), ownership.get());
            }
            if (ownership.filter(Ownership.ORPHAN::equals).isPresent() && !tunnelStands(desired)) {
                return new Outcome.NotOurs<>(present.get(), Ownership.LEFTOVER);
            }
            long now = nanoTime.getAsLong();
            boolean repair = last != null && same && present.isPresent();
            if (last != null && repair && last.untilNextRepair(now).isPositive()) {
                return new Outcome.Contested<>(present.get(), last.untilNextRepair(now));
            }
            var answer = patched(aimed(desired, present));
            applied.put(
                    key,
                    new Applied(
                            desired,
                            answer,
                            OwnedFields.digest(answer, FIELD_MANAGER),
                            nanoTime.getAsLong(),
                            last != null && repair ? last.repairsBy(now) : 0));
            return new Outcome.Applied<>(answer, true);
        } catch (KubernetesClientException e) {
            throw new Failure(desired, e);
        }
    }

    /**
     * Asks the API server whether the tunnel is there and is not being deleted. A deletion with {@code --cascade=orphan} marks
     * the tunnel before it takes the owners off its objects, but the cache of tunnels may lag behind. An orphan that got its
     * owner back at that moment would be deleted by the garbage collector, with its pods.
     */
    private boolean tunnelStands(HasMetadata desired) {
        var owner = desired.getMetadata().getOwnerReferences().getFirst();
        // the operator's role allows list, and no get
        var found = impatient().call(api -> api.resources(WolfTunnel.class)
                .inNamespace(desired.getMetadata().getNamespace())
                .withField("metadata.name", owner.getName())
                .list());
        return found.getItems().stream()
                .anyMatch(tunnel ->
                        owner.getUid().equals(tunnel.getMetadata().getUid()) && !tunnel.isMarkedForDeletion());
    }

    /** With the uid of what is there, so that the API server refuses where another has taken its place meanwhile. */
    private <T extends HasMetadata> T aimed(T desired, Optional<T> present) {
        if (present.isEmpty()) {
            return desired;
        }
        var patch = client.getKubernetesSerialization().clone(desired);
        patch.getMetadata().setUid(present.get().getMetadata().getUid());
        return patch;
    }

    private <T extends HasMetadata> Optional<T> read(T desired) {
        return Optional.ofNullable(impatient().call(api -> api.resource(desired).get()));
    }

    private <T extends HasMetadata> T patched(T patch) {
        return impatient().call(api -> api.resource(patch).patch(APPLY));
    }

    /** The client would itself repeat a request for minutes that is answered with an error; nobody would hear of it meanwhile. */
    private FunctionCallable<? extends NamespacedKubernetesClient> impatient() {
        return client.adapt(NamespacedKubernetesClient.class)
                .withRequestConfig(
                        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                .withRequestRetryBackoffLimit(REPETITIONS)
                                .build());
    }

    void forget(HasMetadata object) {
        applied.remove(key(object));
    }

    /** The object, and not another of its name, is deleted: it has to be applied anew. */
    void gone(HasMetadata object) {
        applied.computeIfPresent(key(object), (key, last) -> sameUid(last.answer(), object) ? null : last);
    }

    /** A cache may lag behind the answer; what it says then is over. Both are of one kind. */
    @SuppressWarnings("unchecked")
    private static <T extends HasMetadata> T newest(HasMetadata answer, Optional<T> cached) {
        return cached.filter(seen -> !ResourceVersions.newer(answer, seen)).orElse((T) answer);
    }

    private boolean untouched(Applied last, Optional<? extends HasMetadata> cached) {
        if (cached.isEmpty()) {
            return nanoTime.getAsLong() - last.answered() < ON_ITS_WAY.toNanos();
        }
        var now = cached.get();
        return sameUid(last.answer(), now)
                && (sameVersion(last.answer(), now)
                        || ResourceVersions.newer(last.answer(), now)
                        || OwnedFields.digest(now, FIELD_MANAGER).equals(last.ours()));
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
