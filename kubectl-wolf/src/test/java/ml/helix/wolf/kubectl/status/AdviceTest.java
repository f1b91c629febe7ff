package ml.helix.wolf.kubectl.status;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AdviceTest {
    private final Advice advice = Advice.ofThisBuild();

    @Test
    void everyRowOfTheDocumentHasAReasonThatIsAWordAndSaysWhoActs() {
        assertThat(advice.rows()).hasSizeGreaterThan(40).allSatisfy((reason, row) -> {
            assertThat(reason).matches("[A-Z][A-Za-z]+");
            assertThat(row.acts()).isIn("you", "nobody", "wait", "");
            assertThat(row.what()).doesNotContain("`", "|");
        });
    }

    @Test
    void whatSomebodyMustActOnSaysWhatToDo() {
        assertThat(advice.rows().values())
                .filteredOn(row -> row.acts().equals("you"))
                .allSatisfy(row -> assertThat(row.what()).isNotEmpty());
    }

    @Test
    void theNameIsFilledIn() {
        assertThat(advice.about("Contested", "gpu-nodes")).contains("gpu-nodes-tunnel-agent");
    }

    @Test
    void aNewerReasonHasNoAdvice() {
        assertThat(advice.of("FromTheFuture")).isEqualTo(Advice.Row.NONE);
    }
}
