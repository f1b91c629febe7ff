package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Server-side apply, only where there is something to apply: the first time in this process, when what is desired
 * differs from what was applied last, and when somebody else took over or removed a field that is ours. Other people's
 * fields never matter.
 *
 * <p>Whether somebody did is read from the object's managedFields: the API server takes a field out of our set when
 * another writer changes it. So nothing needs to know how the API server writes values down or which defaults it adds.
 * The first apply after a start changes nothing in the cluster where nothing has changed.
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

    private final KubernetesClient client;
    private final LongSupplier nanoTime;
    private final Map<String, Applied> applied = new ConcurrentHashMap<>();

    /**
     * @param answer what the API server made of it
     * @param ours the fields that are ours in it
     * @param answered when, in nanoseconds
     */
    private record Applied(HasMetadata desired, HasMetadata answer, List<FieldsV1> ours, long answered) {}

    Applier(KubernetesClient client) {
        this(client, System::nanoTime);
    }

    /** @param nanoTime a clock that never jumps */
    Applier(KubernetesClient client, LongSupplier nanoTime) {
        this.client = client;
        this.nanoTime = nanoTime;
    }

    /**
     * @param actual as the cache has it; it may be older than the last apply
     * @return the object as it is now, as far as is known, and whether it had to be written
     * @throws io.fabric8.kubernetes.client.KubernetesClientException as the API server answers
     */
    <T extends HasMetadata> Outcome<T> apply(T desired, Optional<T> actual) {
        var key = key(desired);
        var last = applied.get(key);
        if (last != null && last.desired().equals(desired) && untouched(last, actual)) {
            return new Outcome<>(newest(last.answer(), actual), false);
        }
        var answer = client.resource(desired).patch(APPLY);
        applied.put(key, new Applied(desired, answer, ours(answer), nanoTime.getAsLong()));
        return new Outcome<>(answer, true);
    }

    /** @param written whether a request was made; the API server may have found nothing to change */
    record Outcome<T>(T object, boolean written) {}

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

    private boolean untouched(Applied last, Optional<? extends HasMetadata> actual) {
        if (actual.isEmpty()) {
            return nanoTime.getAsLong() - last.answered() < ON_ITS_WAY.toNanos();
        }
        var now = actual.get();
        return sameUid(last.answer(), now)
                && (ResourceVersions.newer(last.answer(), now) || ours(now).equals(last.ours()));
    }

    private static boolean sameUid(HasMetadata one, HasMetadata other) {
        return String.valueOf(one.getMetadata().getUid())
                .equals(other.getMetadata().getUid());
    }

    private static List<FieldsV1> ours(HasMetadata object) {
        return object.getMetadata().getManagedFields().stream()
                .filter(entry -> FIELD_MANAGER.equals(entry.getManager())
                        && "Apply".equals(entry.getOperation())
                        && entry.getSubresource() == null)
                .map(entry -> entry.getFieldsV1())
                .toList();
    }

    private static String key(HasMetadata object) {
        var metadata = object.getMetadata();
        return object.getKind() + "/" + metadata.getNamespace() + "/" + metadata.getName();
    }
}
