package ml.helix.wolf.operator;

import com.fasterxml.jackson.databind.JsonNode;

/** How kstatus, and so Flux, judges a resource. */
public final class Kstatus {
    private Kstatus() {}

    /** The rules of sigs.k8s.io/cli-utils/pkg/kstatus/status for a kind that it doesn't know. */
    public static String of(JsonNode resource) {
        if (resource.at("/metadata").has("deletionTimestamp")) {
            return "Terminating";
        }
        var status = resource.path("status");
        if (status.has("observedGeneration")
                && status.path("observedGeneration").asLong()
                        != resource.at("/metadata/generation").asLong()) {
            return "InProgress";
        }
        for (var condition : status.path("conditions")) {
            boolean holds = condition.path("status").asText().equals("True");
            if (holds && condition.path("type").asText().equals("Reconciling")) {
                return "InProgress";
            }
            if (holds && condition.path("type").asText().equals("Stalled")) {
                return "Failed";
            }
        }
        for (var condition : status.path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True") ? "Current" : "InProgress";
            }
        }
        return "Current";
    }
}
