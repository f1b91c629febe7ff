package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import ml.helix.wolf.operator.status.Story.Chapter;
import org.junit.jupiter.api.Test;

class EventBudgetTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final EventBudget budget = new EventBudget();

    @Test
    void aFewEventsPassAtOnceAndNothingWaits() {
        assertThat(budget.pass(chapters(0, 10), 0)).isEqualTo(chapters(0, 10));
        assertThat(budget.next(0)).isEmpty();
    }

    @Test
    void whatComesBeyondTenPassesAsOneEventWhenAMinuteIsOver() {
        budget.pass(chapters(0, 10), 0);
        assertThat(budget.pass(chapters(10, 64), 5 * SECOND)).isEmpty();
        assertThat(budget.next(20 * SECOND)).hasValue(Duration.ofSeconds(40));
        assertThat(budget.pass(List.of(), 59 * SECOND)).isEmpty();
        assertThat(budget.pass(List.of(), 60 * SECOND))
                .containsExactly(new Chapter(true, "R", "54 changes in a short time; the last one: 63"));
        assertThat(budget.next(60 * SECOND)).isEmpty();
    }

    @Test
    void oneThatWaitsAlonePassesAsItIs() {
        budget.pass(chapters(0, 11), 0);
        assertThat(budget.pass(List.of(), 60 * SECOND)).isEqualTo(chapters(10, 11));
    }

    @Test
    void noMinuteHasMoreThanTen() {
        var passed = new ArrayList<Long>();
        for (long now = 0; now < 600 * SECOND; now += SECOND / 2) {
            long at = now;
            budget.pass(chapters(0, 3), now).forEach(chapter -> passed.add(at));
        }
        assertThat(passed).hasSize(100);
        for (int i = 10; i < passed.size(); i++) {
            assertThat(passed.get(i) - passed.get(i - 10)).isGreaterThanOrEqualTo(60 * SECOND);
        }
    }

    private static List<Chapter> chapters(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> new Chapter(i % 2 == 0, "R", String.valueOf(i)))
                .toList();
    }
}
