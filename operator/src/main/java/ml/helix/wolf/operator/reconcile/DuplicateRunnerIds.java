package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.URI;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import ml.helix.wolf.crds.v1alpha1.WolfId;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.RunnerIdConflict;
import org.jspecify.annotations.Nullable;

/**
 * Finds agents of different WolfTunnels that have the same runner id at the same control plane. Only agents that are named
 * after nodes can have that, as pods' names are unique. Not found are two URLs of one control plane, and WolfTunnels of other
 * clusters.
 *
 * <p>Thread-safe. Keeps the nodes of each such WolfTunnel from its first {@link #conflicts} to {@link #forget}.
 */
final class DuplicateRunnerIds {
    private final Consumer<ResourceID> changed;
    /** Guarded by this. */
    private final Map<ResourceID, RunnerIds> known = new HashMap<>();

    /**
     * The runner ids of one WolfTunnel's agents.
     *
     * @param controlPlanes their URLs, normalised
     * @param prefix of each id, before the node's name
     */
    private record RunnerIds(Set<String> controlPlanes, String prefix, Set<String> nodes) {
        boolean overlap(RunnerIds other) {
            return nodes.stream().anyMatch(node -> other.contain(idOn(node), controlPlanes));
        }

        boolean contain(String id, Set<String> atControlPlanes) {
            return !Collections.disjoint(controlPlanes, atControlPlanes)
                    && id.startsWith(prefix)
                    && nodes.contains(id.substring(prefix.length()));
        }

        String idOn(String node) {
            return prefix + node;
        }
    }

    /** @param changed called without a lock with each WolfTunnel whose conflicts may have changed */
    DuplicateRunnerIds(Consumer<ResourceID> changed) {
        this.changed = changed;
    }

    /** The conflicts of the WolfTunnel's agents, by node. */
    Map<String, RunnerIdConflict> conflicts(WolfTunnel resource, Collection<AgentPod> pods) {
        var id = ResourceID.fromResource(resource);
        if (resource.getSpec().wolfId().source() != WolfId.Source.NodeName) {
            forget(id);
            return Map.of();
        }
        var ids = runnerIds(resource, pods);
        var conflicts = new HashMap<String, RunnerIdConflict>();
        Set<ResourceID> affected;
        synchronized (this) {
            affected = affected(id, known.put(id, ids), ids);
            known.forEach((other, its) -> {
                if (!other.equals(id)) {
                    ids.nodes().stream()
                            .filter(node -> its.contain(ids.idOn(node), ids.controlPlanes()))
                            .forEach(node -> conflicts.put(node, conflict(ids.idOn(node), other)));
                }
            });
        }
        affected.forEach(changed);
        return conflicts;
    }

    /** For a WolfTunnel that is deleted, or whose agents are no longer named after nodes. */
    void forget(ResourceID resource) {
        Set<ResourceID> affected;
        synchronized (this) {
            affected = affected(resource, known.remove(resource), null);
        }
        affected.forEach(changed);
    }

    private Set<ResourceID> affected(ResourceID resource, @Nullable RunnerIds before, @Nullable RunnerIds now) {
        if (Objects.equals(before, now)) {
            return Set.of();
        }
        return known.entrySet().stream()
                .filter(other -> !other.getKey().equals(resource))
                .filter(other -> (before != null && before.overlap(other.getValue()))
                        || (now != null && now.overlap(other.getValue())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private static RunnerIdConflict conflict(String runnerId, ResourceID resource) {
        return new RunnerIdConflict.WithOtherResource(
                runnerId,
                resource.getNamespace().map(namespace -> namespace + "/").orElse("") + resource.getName());
    }

    private static RunnerIds runnerIds(WolfTunnel resource, Collection<AgentPod> pods) {
        return new RunnerIds(
                resource.getSpec().controlPlane().all().stream()
                        .map(DuplicateRunnerIds::normalised)
                        .collect(Collectors.toSet()),
                resource.getSpec().wolfId().runnerPrefix()
                        + resource.getSpec().wolfId().prefix(),
                pods.stream()
                        .filter(pod -> !pod.terminating() && pod.unschedulable().isEmpty())
                        .map(AgentPod::node)
                        .filter(node -> !node.isEmpty())
                        .collect(Collectors.toSet()));
    }

    /** Equal for URLs that mean the same control plane. Text that is no URL stays as it is. */
    static String normalised(String url) {
        try {
            var uri = URI.create(url);
            var scheme = requireNonNullElse(uri.getScheme(), "").toLowerCase(Locale.ROOT);
            var host = Optional.ofNullable(uri.getHost());
            if (host.isEmpty()) {
                return url;
            }
            int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
            var path = requireNonNullElse(uri.getRawPath(), "").replaceFirst("/+$", "");
            return scheme + "://" + host.get().toLowerCase(Locale.ROOT) + ":" + port + path;
        } catch (IllegalArgumentException e) {
            return url;
        }
    }
}
