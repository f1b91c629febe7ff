package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Whether a pod may run on a node: its nodeSelector and its tolerations. Affinity is not considered. */
final class Placement {
    private Placement() {}

    static boolean fits(PodSpec pod, SimulatedNode node) {
        Map<String, String> selector = Objects.requireNonNullElse(pod.getNodeSelector(), Map.of());
        List<Toleration> tolerations = Objects.requireNonNullElse(pod.getTolerations(), List.of());
        return node.labels().entrySet().containsAll(selector.entrySet())
                && node.taints().stream().filter(Placement::keepsAway).allMatch(taint -> tolerations.stream()
                        .anyMatch(toleration -> tolerates(toleration, taint)));
    }

    private static boolean keepsAway(Taint taint) {
        return !"PreferNoSchedule".equals(taint.getEffect());
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        boolean effect = blank(toleration.getEffect()) || toleration.getEffect().equals(taint.getEffect());
        boolean exists = "Exists".equals(toleration.getOperator());
        if (blank(toleration.getKey())) {
            return effect && exists;
        }
        return effect
                && toleration.getKey().equals(taint.getKey())
                && (exists || text(toleration.getValue()).equals(text(taint.getValue())));
    }

    private static boolean blank(String text) {
        return text(text).isEmpty();
    }

    private static String text(String text) {
        return Objects.requireNonNullElse(text, "");
    }
}
