package ml.helix.wolf.kubectl.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.kubectl.doctor.Finding.Outcome;

/** What {@code tunnel-agent doctor -o json} says, as findings. */
public final class AgentDoctor {
    private AgentDoctor() {}

    /**
     * @param where the agent's node
     * @param answer what it printed; a missing node if that was no JSON
     * @param errors what it printed on standard error
     */
    public static List<Finding> findings(String where, int exitStatus, JsonNode answer, String errors) {
        if (!answer.path("checks").isArray()) {
            String end = errors.strip().lines().reduce("", (_, line) -> line);
            String killed =
                    exitStatus == 137 ? "; it was killed, mostly because the memory limit leaves no room for it" : "";
            return List.of(new Finding(
                    where,
                    "agent's doctor",
                    Outcome.skipped,
                    "it ended with status " + exitStatus + killed + (end.isEmpty() ? "" : ": " + end),
                    ""));
        }
        var findings = new ArrayList<Finding>();
        for (JsonNode check : answer.path("checks")) {
            String controlPlane = check.path("controlPlane").asText();
            findings.add(new Finding(
                    where,
                    check.path("hop").asText(),
                    switch (check.path("outcome").asText()) {
                        case "ok" -> Outcome.ok;
                        case "failed" -> Outcome.failed;
                        default -> Outcome.skipped;
                    },
                    (controlPlane.isEmpty() ? "" : controlPlane + ": ")
                            + check.path("detail").asText(),
                    ""));
        }
        return findings;
    }

    /** It could not be run. */
    public static Finding notRun(String where, String why) {
        return new Finding(where, "agent's doctor", Outcome.skipped, why, "");
    }
}
