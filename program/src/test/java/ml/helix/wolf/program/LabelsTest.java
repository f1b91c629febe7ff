package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules for one key, value or zone are tested by the table that agent and CRD share. */
class LabelsTest {

    @Test
    void pairsAreSeparatedByCommas() {
        assertThat(Labels.parse("gpu=ada,example.com/team=streaming,empty="))
                .isEqualTo(Map.of("gpu", "ada", "example.com/team", "streaming", "empty", ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a                | must be key=value,key=value",
                "a=1,             | must be key=value,key=value",
                "a=1,b            | must be key=value,key=value",
                "a=1,a=2          | must name each key once",
                "=1               | must have keys as Kubernetes' labels",
                "a=1, b=2         | must have keys as Kubernetes' labels",
                "a=b=c            | must have values of at most 63",
            })
    void whatIsNoListOfLabelsIsRefused(String text, String sentence) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Labels.parse(text))
                .withMessageContaining(sentence);
    }

    @Test
    void atMost32LabelsAreAccepted() {
        assertThat(Labels.parse(labels(32))).hasSize(32);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Labels.parse(labels(33)))
                .withMessage("must have at most 32 labels, not 33");
    }

    private static String labels(int count) {
        return IntStream.range(0, count).mapToObj(i -> "l" + i + "=x").collect(Collectors.joining(","));
    }
}
