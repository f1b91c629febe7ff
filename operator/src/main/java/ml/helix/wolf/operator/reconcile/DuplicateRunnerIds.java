package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNullElse;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.URI;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
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
 * Finds agents of different tunnels that have the same runner id at the same control plane: those of tunnels that name them
 * after nodes and have one on the same node. Pods' names are unique. Two URLs of one control plane are not recognised, nor
 * tunnels of other clusters.
 *
 * <p>Thread-safe. Keeps the nodes of each such tunnel, from its first look to {@link #forget}.
 */
final class DuplicateRunnerIds {
    private final Consumer<ResourceID> changed;
    /** Guarded by this. */
    private final Map<ResourceID, Ids> known = new HashMap<>();

    /**
     * @param controlPlane its URL, normalised
     * @param prefix of the runner ids, before the node's name
     */
    private record Ids(String controlPlane, String prefix, Set<String> nodes) {
        boolean overlaps(Ids other) {
            return controlPlane.equals(other.controlPlane) && nodes.stream().anyMatch(node -> other.has(prefix + node));
        }

        boolean has(String id) {
            return id.startsWith(prefix) && nodes.contains(id.substring(prefix.length()));
        }
    }

    /** @param changed is told, without a lock held, of a tunnel whose rivals may have changed */
    DuplicateRunnerIds(Consumer<ResourceID> changed) {
        this.changed = changed;
    }

    /** The rivals of the tunnel's agents, by node. */
    Map<String, RunnerIdConflict> rivals(WolfTunnel tunnel, Collection<AgentPod> pods) {
        var id = ResourceID.fromResource(tunnel);
        var ids = tunnel.getSpec().wolfId().source() == WolfId.Source.NodeName ? ids(tunnel, pods) : null;
        var rivals = new HashMap<String, RunnerIdConflict>();
        Set<ResourceID> affected;
        synchronized (this) {
            var before = ids == null ? known.remove(id) : known.put(id, ids);
            affected = affected(id, before, ids);
            if (ids != null) {
                known.forEach((other, its) -> {
                    if (!other.equals(id) && ids.controlPlane().equals(its.controlPlane())) {
                        ids.nodes().stream()
                                .filter(node -> its.has(ids.prefix() + node))
                                .forEach(node -> rivals.put(node, rival(ids.prefix() + node, other)));
                    }
                });
            }
        }
        affected.forEach(changed);
        return rivals;
    }

    /** The tunnel is gone. */
    void forget(ResourceID tunnel) {
        Set<ResourceID> affected;
        synchronized (this) {
            affected = affected(tunnel, known.remove(tunnel), null);
        }
        affected.forEach(changed);
    }

    private Set<ResourceID> affected(ResourceID tunnel, @Nullable Ids before, @Nullable Ids now) {
        if (Objects.equals(before, now)) {
            return Set.of();
        }
        return known.entrySet().stream()
                .filter(other -> !other.getKey().equals(tunnel))
                .filter(other -> (before != null && before.overlaps(other.getValue()))
                        || (now != null && now.overlaps(other.getValue())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private static RunnerIdConflict rival(String runnerId, ResourceID tunnel) {
        return new RunnerIdConflict.WithOtherResource(
                runnerId,
                tunnel.getNamespace().map(namespace -> namespace + "/").orElse("") + tunnel.getName());
    }

    private static Ids ids(WolfTunnel tunnel, Collection<AgentPod> pods) {
        return new Ids(
                normalised(tunnel.getSpec().controlPlane().url()),
                "wolf-" + tunnel.getSpec().wolfId().prefix(),
                pods.stream()
                        .filter(pod -> !pod.terminating() && pod.unschedulable().isEmpty())
                        .map(AgentPod::node)
                        .filter(node -> !node.isEmpty())
                        .collect(Collectors.toCollection(HashSet::new)));
    }

    /** Equal for URLs that mean the same control plane; the text itself where it is no URL. */
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
