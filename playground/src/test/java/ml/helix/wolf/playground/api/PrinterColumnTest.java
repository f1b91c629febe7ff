package ml.helix.wolf.playground.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrinterColumnTest {
    private static final JsonNode OBJECT = Serialization.unmarshal("""
            metadata: {creationTimestamp: '2026-11-21T12:00:00Z'}
            status:
              summary: 1/2 connected
              nothing: null
              conditions:
              - {type: Reconciling, status: 'True'}
              - {type: Ready, status: 'False', reason: AgentsNotReady}
              tunnels: [{node: gpu-1}, {node: gpu-2}]
            """, JsonNode.class);

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                ".status.summary,1/2 connected",
                ".status.conditions[?(@.type==\"Ready\")].reason,AgentsNotReady",
                ".status.conditions[?(@.type=='Ready')].status,False",
                ".status.conditions[?(@.type==\"Stalled\")].status,``",
                ".status.tunnels[*].node,`gpu-1,gpu-2`",
                "`.status['nothing','summary']`,1/2 connected",
                ".status.nothing,``",
                ".spec.absent,``"
            })
    void aCellHoldsTheValueAtThePath(String path, String cell) {
        assertThat(new PrinterColumn("X", "string", path, false).cell(OBJECT, Instant.EPOCH))
                .isEqualTo(cell);
    }

    @Test
    void anUnsupportedPathIsRefused() {
        assertThatThrownBy(() -> JsonPaths.text(".status..x", OBJECT)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"0,0s", "119,119s", "120,2m", "125,2m5s", "600,10m", "7200,120m", "10800,3h", "11400,3h10m"})
    void anAgeReadsAsKubectlPrintsIt(long seconds, String text) {
        assertThat(PrinterColumn.age(Duration.ofSeconds(seconds))).isEqualTo(text);
    }

    @Test
    void aDateIsShownAsItsAge() {
        var age = new PrinterColumn("AGE", "date", ".metadata.creationTimestamp", false);

        assertThat(age.cell(OBJECT, Instant.parse("2026-11-21T12:00:42Z"))).isEqualTo("42s");
        assertThat(PrinterColumn.age(Duration.ofDays(3))).isEqualTo("3d");
    }
}
