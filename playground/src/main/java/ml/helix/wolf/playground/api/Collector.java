package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;

/**
 * Deletes, and with an object all that depends on it, as the cluster's garbage collector does. A pod that runs on a node
 * is only marked: its kubelet deletes it with a grace period of 0 when its containers have ended. Not thread-safe.
 */
final class Collector {
    private static final long DEFAULT_GRACE_SECONDS = 30;

    private final Store store;
    private final Catalog catalog;
    private final InstantSource clock;

    Collector(Store store, Catalog catalog, InstantSource clock) {
        this.store = store;
        this.catalog = catalog;
        this.clock = clock;
    }

    /**
     * Deletes one object that exists.
     *
     * @param grace the seconds asked for, or empty for the pod's own
     * @param cascade whether dependents go too
     */
    void delete(ApiPath path, ObjectNode object, Optional<Long> grace, boolean cascade) {
        if (path.plural().equals("pods") && object.at("/spec").hasNonNull("nodeName")) {
            long seconds = grace.orElseGet(
                    () -> object.at("/spec/terminationGracePeriodSeconds").asLong(DEFAULT_GRACE_SECONDS));
            if (seconds > 0) {
                mark(path, object, seconds);
                return;
            }
        }
        store.remove(path);
        if (cascade) {
            collect(path, object);
        }
    }

    /** Deletes what depended on an object, if that is really gone: finalizers may hold it. */
    private void collect(ApiPath path, ObjectNode object) {
        if (store.read(path).isPresent()) {
            return;
        }
        boolean namespace = path.plural().equals("namespaces");
        boolean definition = path.plural().equals("customresourcedefinitions");
        for (ObjectNode candidate : store.all()) {
            if (owned(candidate, object)
                    || (namespace
                            && candidate.at("/metadata/namespace").asText().equals(path.name()))
                    || (definition
                            && kind(candidate)
                                    .equals(object.at("/spec/names/kind").asText()))) {
                pathOf(candidate).ifPresent(its -> delete(its, candidate, Optional.empty(), true));
            }
        }
        if (definition) {
            catalog.forget(object);
        }
    }

    private void mark(ApiPath path, ObjectNode pod, long graceSeconds) {
        if (pod.at("/metadata").has("deletionTimestamp")) {
            return;
        }
        ObjectNode marked = pod.deepCopy();
        Instant end = clock.instant().plusSeconds(graceSeconds).truncatedTo(ChronoUnit.SECONDS);
        marked.withObjectProperty("metadata")
                .put("deletionTimestamp", end.toString())
                .put("deletionGracePeriodSeconds", graceSeconds);
        store.replace(path, pod, marked);
    }

    /** Whether the deleted object was the only owner. */
    private static boolean owned(JsonNode candidate, JsonNode deleted) {
        JsonNode owners = candidate.at("/metadata/ownerReferences");
        return owners.size() == 1
                && owners.get(0)
                        .path("uid")
                        .asText()
                        .equals(deleted.at("/metadata/uid").asText());
    }

    private Optional<ApiPath> pathOf(JsonNode object) {
        return catalog.kindOf(object)
                .map(resource -> new ApiPath(
                        resource.group(),
                        resource.version(),
                        object.at("/metadata/namespace").asText(),
                        resource.plural(),
                        object.at("/metadata/name").asText(),
                        "",
                        Map.of()));
    }

    private static String kind(JsonNode object) {
        return object.path("kind").asText();
    }
}
