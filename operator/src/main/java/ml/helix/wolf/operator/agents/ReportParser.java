package ml.helix.wolf.operator.agents;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import ml.helix.wolf.operator.observed.AgentReport;

/** Reads what an agent serves at {@code /status}, also from older and newer agents. */
final class ReportParser {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_CONTROL_PLANES = 8;

    private ReportParser() {}

    /** Empty if the text is no JSON object with a state. */
    static Optional<AgentReport> parse(String text) {
        try {
            var status = JSON.readTree(text);
            if (status == null || !status.path("state").isTextual()) {
                return Optional.empty();
            }
            return Optional.of(new AgentReport(
                    status.path("state").asText(),
                    text(status, "since"),
                    text(status, "wolfId"),
                    present(status.path("wolfReachable")).map(JsonNode::asBoolean),
                    present(status.path("wolfHealthy")).map(JsonNode::asBoolean),
                    text(status, "wolfError"),
                    present(status.path("connects")).map(JsonNode::asLong),
                    present(status.path("lastError")).map(ReportParser::failure),
                    text(status, "version"),
                    present(status.path("token"))
                            .map(token -> new AgentReport.Token(
                                    text(token, "changedAt"),
                                    token.path("refused").asBoolean())),
                    controlPlanes(status.path("controlPlanes"))));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private static List<AgentReport.ControlPlane> controlPlanes(JsonNode rows) {
        return StreamSupport.stream(rows.spliterator(), false)
                .limit(MOST_CONTROL_PLANES)
                .map(row -> new AgentReport.ControlPlane(
                        text(row, "url"),
                        text(row, "state"),
                        present(row.path("lastError")).map(ReportParser::failure),
                        row.path("token").path("refused").asBoolean()))
                .toList();
    }

    private static AgentReport.Failure failure(JsonNode error) {
        var reason = text(error, "reason");
        return new AgentReport.Failure(
                reason.matches("[A-Za-z][A-Za-z0-9]{0,63}") ? reason : "ProtocolError", text(error, "message"));
    }

    private static Optional<JsonNode> present(JsonNode node) {
        return node.isMissingNode() || node.isNull() ? Optional.empty() : Optional.of(node);
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).isTextual() ? node.path(field).asText() : "";
    }
}
