package ml.helix.wolf.playground.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WolfTunnelTableTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:01:15Z");
    private final WolfTunnelTable table = WolfTunnelTable.committed();

    @Test
    void theColumnsAreThoseOfTheCommittedCrdWithoutTheWideOnes() {
        assertThat(table.header().split("\\s+")).containsExactly("NAME", "READY", "CONNECTED", "WOLF", "REASON", "AGE");
    }

    @Test
    void aRowShowsConditionSummaryReasonAndAgeBelowTheirHeaders() {
        String row = table.row(resource("False", "1/2 connected", "ConnectionLost"), NOW);

        assertThat(row.split("\\s{2,}"))
                .containsExactly("gpu-nodes", "False", "1/2 connected", "2/2 reachable", "ConnectionLost", "75s");
        assertThat(row.indexOf("1/2")).isEqualTo(table.header().indexOf("CONNECTED"));
        assertThat(row.indexOf("75s")).isEqualTo(table.header().indexOf("AGE"));
    }

    @Test
    void aWolfTunnelWithoutStatusHasEmptyCells() {
        JsonNode resource = Serialization.unmarshal(
                "metadata: {name: gpu-nodes, creationTimestamp: '2026-11-21T12:01:15Z'}\n", JsonNode.class);

        assertThat(table.row(resource, NOW).split("\\s+")).containsExactly("gpu-nodes", "0s");
    }

    @Test
    void cellsCanBeComparedWithoutTheAge() {
        assertThat(table.cellsWithoutAge(resource("True", "2/2 connected", "Connected")))
                .containsExactly("True", "2/2 connected", "2/2 reachable", "Connected");
    }

    private static JsonNode resource(String ready, String summary, String reason) {
        return Serialization.unmarshal("""
                metadata: {name: gpu-nodes, creationTimestamp: '2026-11-21T12:00:00Z'}
                status:
                  summary: %s
                  wolf: 2/2 reachable
                  conditions: [{type: Ready, status: '%s', reason: %s}]
                """.formatted(summary, ready, reason), JsonNode.class);
    }
}
