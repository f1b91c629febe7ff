package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.status.Story;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells each WolfTunnel's {@link Story} as Events on it, at most {@link EventBudget#PER_MINUTE} a minute; what comes beyond that becomes
 * one Event when the minute is over. An Event that can't be written is lost. Thread-safe, if the statuses of one WolfTunnel
 * follow one another; blocks.
 */
final class StatusEvents {
    private static final Logger LOG = LoggerFactory.getLogger(StatusEvents.class);
    private static final String CONTROLLER = "wolf.helix.ml/wolf-tunnel-operator";
    /** The API server refuses more, counted in bytes. */
    private static final int MAX_NOTE = 1024;

    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final KubernetesClient client;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private final Map<ResourceID, Told> told = new ConcurrentHashMap<>();

    private record Told(Story story, EventBudget budget) {}

    /** @param nanoTime a clock that never jumps */
    StatusEvents(KubernetesClient client, InstantSource clock, LongSupplier nanoTime) {
        this.client = client;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    /**
     * @param before the last status, null if there was none
     * @return when to be called again at the latest, for what could not be told yet; empty if all was told
     */
    Optional<Duration> tell(WolfTunnel resource, @Nullable WolfTunnelStatus before, WolfTunnelStatus now) {
        var id = ResourceID.fromResource(resource);
        var last = told.getOrDefault(id, new Told(Story.before(before), new EventBudget()));
        var story = now.equals(before) ? last.story() : last.story().next(before, now);
        told.put(id, new Told(story, last.budget()));
        long time = nanoTime.getAsLong();
        last.budget()
                .pass(story == last.story() ? List.of() : story.chapters(), time)
                .forEach(chapter -> create(resource, chapter));
        return last.budget().next(time);
    }

    private void create(WolfTunnel resource, Story.Chapter chapter) {
        try {
            // without repetitions: a status must not wait for its Event
            client.adapt(NamespacedKubernetesClient.class)
                    .withRequestConfig(
                            new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                    .withRequestRetryBackoffLimit(0)
                                    .build())
                    .call(api -> api.resource(event(resource, chapter)).create());
        } catch (KubernetesClientException e) {
            LOG.warn(
                    "Event {} on WolfTunnel {}/{} can't be written: {}",
                    chapter.reason(),
                    resource.getMetadata().getNamespace(),
                    resource.getMetadata().getName(),
                    ApiErrors.message(e));
        }
    }

    private Event event(WolfTunnel resource, Story.Chapter chapter) {
        var metadata = resource.getMetadata();
        return new EventBuilder()
                .withNewMetadata()
                .withNamespace(metadata.getNamespace())
                .withGenerateName(metadata.getName() + "-")
                .endMetadata()
                .withNewRegarding()
                .withApiVersion(resource.getApiVersion())
                .withKind(resource.getKind())
                .withNamespace(metadata.getNamespace())
                .withName(metadata.getName())
                .withUid(metadata.getUid())
                .endRegarding()
                .withEventTime(new MicroTime(MICROSECONDS.format(clock.instant())))
                .withReportingController(CONTROLLER)
                .withReportingInstance(CONTROLLER)
                .withType(chapter.warning() ? "Warning" : "Normal")
                .withAction("Reconcile")
                .withReason(chapter.reason())
                .withNote(cut(chapter.note()))
                .build();
    }

    /** A char has at most three bytes. */
    private static String cut(String note) {
        return note.getBytes(StandardCharsets.UTF_8).length <= MAX_NOTE
                ? note
                : note.substring(0, MAX_NOTE / 3 - 1) + "…";
    }

    void forget(ResourceID resource) {
        told.remove(resource);
    }
}
