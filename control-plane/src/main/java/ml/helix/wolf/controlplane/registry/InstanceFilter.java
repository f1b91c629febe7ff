package ml.helix.wolf.controlplane.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Which instances a caller wants to see: those for which everything holds.
 *
 * @param labels each {@code key} or {@code key=value}
 * @param limit how many at most; 0 for all
 * @param after only ids behind this one
 */
record InstanceFilter(
        @Nullable InstanceStatus status, @Nullable String zone, List<String> labels, int limit, String after) {
    private static final int HIGHEST_LIMIT = 10_000;
    private static final Set<String> PARAMETERS = Set.of("status", "zone", "label", "limit", "after");

    /**
     * One page of the list.
     *
     * @param next what {@code after} must be for the next page; null on the last one
     */
    record Page(List<Instance> instances, @Nullable String next) {}

    /** @throws ApiException 400 naming each parameter that is unknown or wrong */
    static InstanceFilter of(Map<String, List<String>> query) throws ApiException {
        List<String> problems = new ArrayList<>();
        query.forEach((name, values) -> {
            if (!PARAMETERS.contains(name)) {
                problems.add(name + ": no such parameter");
            } else if (values.size() > 1 && !name.equals("label")) {
                problems.add(name + ": once only");
            }
        });
        InstanceStatus status = status(first(query, "status"), problems);
        int limit = limit(first(query, "limit"), problems);
        if (!problems.isEmpty()) {
            throw new ApiException(ApiError.badRequest(String.join("; ", problems)));
        }
        return new InstanceFilter(
                status,
                first(query, "zone"),
                query.getOrDefault("label", List.of()),
                limit,
                Objects.requireNonNullElse(first(query, "after"), ""));
    }

    private static @Nullable String first(Map<String, List<String>> query, String name) {
        List<String> values = query.get(name);
        return values == null ? null : values.getFirst();
    }

    private static @Nullable InstanceStatus status(@Nullable String given, List<String> problems) {
        if (given == null) {
            return null;
        }
        for (InstanceStatus status : InstanceStatus.values()) {
            if (status.name().toLowerCase(Locale.ROOT).equals(given)) {
                return status;
            }
        }
        problems.add("status: must be online, degraded or offline");
        return null;
    }

    private static int limit(@Nullable String given, List<String> problems) {
        if (given == null) {
            return 0;
        }
        if (!given.matches("\\d{1,5}") || Integer.parseInt(given) < 1 || Integer.parseInt(given) > HIGHEST_LIMIT) {
            problems.add("limit: must be from 1 to " + HIGHEST_LIMIT);
            return 0;
        }
        return Integer.parseInt(given);
    }

    /** @param instances in the order of the ids */
    Page page(List<Instance> instances) {
        List<Instance> found = instances.stream().filter(this::matches).toList();
        if (limit == 0 || found.size() <= limit) {
            return new Page(found, null);
        }
        return new Page(found.subList(0, limit), found.get(limit - 1).id());
    }

    private boolean matches(Instance instance) {
        return (status == null || instance.status() == status)
                && (zone == null || zone.equals(instance.facts().zone()))
                && labels.stream().allMatch(label -> has(instance, label))
                && instance.id().compareTo(after) > 0;
    }

    private static boolean has(Instance instance, String label) {
        var labels = instance.facts().labels();
        int equals = label.indexOf('=');
        return labels != null
                && (equals < 0
                        ? labels.containsKey(label)
                        : label.substring(equals + 1).equals(labels.get(label.substring(0, equals))));
    }
}
