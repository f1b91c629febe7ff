package ml.helix.wolf.kubectl.doctor;

import com.fasterxml.jackson.databind.JsonNode;

/** Why a pod does not run as it should. */
final class PodProblem {
    private PodProblem() {}

    /** A sentence; empty if it runs and is ready. */
    static String of(JsonNode pod) {
        if (pod.path("metadata").has("deletionTimestamp")) {
            return "it is being deleted";
        }
        JsonNode status = pod.path("status");
        for (JsonNode container : status.path("containerStatuses")) {
            String problem = container(container);
            if (!problem.isEmpty()) {
                return "container " + container.path("name").asText() + " " + problem;
            }
        }
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals("PodScheduled")
                    && condition.path("status").asText().equals("False")) {
                return "it is not scheduled: " + condition.path("message").asText();
            }
        }
        String phase = status.path("phase").asText();
        return phase.equals("Running") ? "" : "its phase is " + phase;
    }

    private static String container(JsonNode container) {
        JsonNode waiting = container.path("state").path("waiting");
        JsonNode ended = container.path("lastState").path("terminated");
        if (!waiting.isMissingNode()) {
            String last = ended.isMissingNode() ? "" : "; its last run ended with " + end(ended);
            String message = waiting.path("message").asText();
            return "waits: " + waiting.path("reason").asText() + (message.isEmpty() ? "" : ": " + message) + last;
        }
        JsonNode terminated = container.path("state").path("terminated");
        if (!terminated.isMissingNode()) {
            return "has ended with " + end(terminated);
        } else if (!container.path("ready").asBoolean()) {
            return "runs and is not ready" + (ended.isMissingNode() ? "" : "; its last run ended with " + end(ended));
        }
        return "";
    }

    private static String end(JsonNode terminated) {
        String reason = terminated.path("reason").asText();
        return "status " + terminated.path("exitCode").asText() + (reason.isEmpty() ? "" : " (" + reason + ")");
    }
}
