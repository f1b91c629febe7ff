package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ml.helix.wolf.operator.observed.ObservedAgent.Warning;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the newest warning about one object, by one request; watches nothing. Thread-safe; blocks. */
final class WarningEvents {
    private static final Logger LOG = LoggerFactory.getLogger(WarningEvents.class);

    /** Of one object. The cluster keeps events for an hour, and merges similar ones. */
    private static final long MAX_EVENTS = 200;

    /** How much the clocks of the API server and of its controllers may differ. */
    private static final Duration CLOCK_SKEW = Duration.ofSeconds(2);

    private final KubernetesClient client;

    WarningEvents(KubernetesClient client) {
        this.client = client;
    }

    /** Why the DaemonSet's controller could make no pod since the DaemonSet's last change. */
    Optional<Warning> whyNoPod(DaemonSet daemonSet) {
        var metadata = daemonSet.getMetadata();
        var changed = lastChange(daemonSet).minus(CLOCK_SKEW);
        return newest(read(
                                metadata.getNamespace(),
                                Map.of("involvedObject.uid", metadata.getUid(), "reason", "FailedCreate"))
                        .filter(event -> !time(event).isBefore(changed)))
                .map(event -> new Warning(event.getReason(), withoutRandomName(message(event), metadata.getName())));
    }

    /** What keeps a pod from starting. */
    Optional<Warning> whyNotStarted(String namespace, String podUid) {
        var warnings = read(namespace, Map.of("involvedObject.uid", podUid, "type", "Warning"))
                .filter(event -> event.getReason() != null && event.getReason().startsWith("Failed"))
                .toList();
        // beside the cause, the kubelet repeats that it is still waiting
        var causes = warnings.stream().filter(event -> !message(event).startsWith("Unable to attach or mount volumes"));
        return newest(causes)
                .or(() -> newest(warnings.stream()))
                .map(event -> new Warning(event.getReason(), message(event)));
    }

    private Stream<Event> read(String namespace, Map<String, String> fields) {
        try {
            var limit = new ListOptionsBuilder().withLimit(MAX_EVENTS).build();
            return client.v1().events().inNamespace(namespace).withFields(fields).list(limit).getItems().stream();
        } catch (KubernetesClientException e) {
            LOG.warn("Events in namespace {} cannot be read: {}", namespace, e.getMessage());
            return Stream.of();
        }
    }

    private static Optional<Event> newest(Stream<Event> events) {
        return events.max(Comparator.comparing(WarningEvents::time));
    }

    private static Instant time(Event event) {
        var series = Optional.ofNullable(event.getSeries()).map(repeated -> repeated.getLastObservedTime());
        return newestTime(Stream.of(
                series.map(time -> time.getTime()).orElse(""),
                requireNonNullElse(event.getLastTimestamp(), ""),
                Optional.ofNullable(event.getEventTime())
                        .map(time -> time.getTime())
                        .orElse("")));
    }

    private static Instant lastChange(DaemonSet daemonSet) {
        return newestTime(Optional.ofNullable(daemonSet.getMetadata().getManagedFields()).orElse(List.of()).stream()
                .filter(entry ->
                        entry.getSubresource() == null || entry.getSubresource().isEmpty())
                .map(entry -> requireNonNullElse(entry.getTime(), "")));
    }

    private static Instant newestTime(Stream<String> times) {
        return times.flatMap(time -> parsed(time).stream())
                .max(Comparator.naturalOrder())
                .orElse(Instant.EPOCH);
    }

    private static Optional<Instant> parsed(String time) {
        try {
            return time.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(time));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static String message(Event event) {
        return requireNonNullElse(event.getMessage(), "")
                .replaceFirst("^\\(combined from similar events\\): ", "")
                .replaceFirst("^Error creating: ", "");
    }

    /** Each attempt is for a pod with another name. */
    private static String withoutRandomName(String message, String daemonSet) {
        return message.replaceAll("(pods? \"" + Pattern.quote(daemonSet) + "-)[a-z0-9]{5}\"", "$1…\"");
    }
}
