package ml.helix.wolf.controlplane.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import ml.helix.wolf.controlplane.http.Inlined;

/**
 * How much room there is.
 *
 * @param all of all instances together
 * @param zones by zone; "" holds those without one
 */
public record Capacity(@Inlined Numbers all, Map<String, Numbers> zones) {

    /**
     * @param instances all that are known
     * @param online those that are online
     * @param maxSessions how many sessions the online ones can have
     * @param activeSessions how many they have
     * @param free how many more fit on the online ones that don't drain; one that says no maxSessions counts as full
     */
    public record Numbers(int instances, int online, long maxSessions, long activeSessions, long free) {
        private static final Numbers NONE = new Numbers(0, 0, 0, 0, 0);

        private static Numbers of(Instance instance) {
            if (instance.status() != InstanceStatus.ONLINE) {
                return new Numbers(1, 0, 0, 0, 0);
            }
            int max = Objects.requireNonNullElse(instance.facts().maxSessions(), 0);
            int active = Objects.requireNonNullElse(instance.facts().activeSessions(), 0);
            return new Numbers(1, 1, max, active, instance.draining() ? 0 : Math.max(0, max - active));
        }

        private Numbers plus(Numbers other) {
            return new Numbers(
                    instances + other.instances,
                    online + other.online,
                    maxSessions + other.maxSessions,
                    activeSessions + other.activeSessions,
                    free + other.free);
        }
    }

    static Capacity of(List<Instance> instances) {
        List<Numbers> each = new ArrayList<>();
        Map<String, Numbers> zones = new TreeMap<>();
        for (Instance instance : instances) {
            Numbers numbers = Numbers.of(instance);
            each.add(numbers);
            zones.merge(Objects.requireNonNullElse(instance.facts().zone(), ""), numbers, Numbers::plus);
        }
        return new Capacity(each.stream().reduce(Numbers.NONE, Numbers::plus), zones);
    }
}
