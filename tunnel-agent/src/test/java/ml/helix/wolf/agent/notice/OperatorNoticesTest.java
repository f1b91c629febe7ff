package ml.helix.wolf.agent.notice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

class OperatorNoticesTest {
    private static final InetAddress OPERATOR = InetAddress.ofLiteral("10.0.0.7");
    private static final int NO_ANSWER = -1;

    private final ManualScheduler timers = new ManualScheduler();
    private final List<String> sent = new ArrayList<>();
    private int answer = 202;
    private final OperatorNotices notices = new OperatorNotices(
            to -> {
                sent.add(to.id());
                if (answer == NO_ANSWER) {
                    throw new IOException("refused");
                }
                return answer;
            },
            Runnable::run,
            timers);

    @Test
    void aChangeIsToldAtOnceToTheOperatorThatAskedLast() {
        notices.askedBy(OPERATOR, "10.0.0.6:8081 before");
        notices.askedBy(OPERATOR, "10.0.0.7:8081 now");
        notices.askedBy(OPERATOR, "nonsense");
        notices.changed();
        assertThat(sent).containsExactly("now");
        timers.advance(Duration.ofMinutes(1));
        assertThat(sent).hasSize(1);
        assertThat(timers.waitingTasks()).isZero();
    }

    @Test
    void withoutAnOperatorNothingIsSentAndWolfIsNotChecked() {
        var checks = new AtomicInteger();
        notices.start(checks::incrementAndGet);
        notices.changed();
        timers.advance(Duration.ofMinutes(1));
        assertThat(sent).isEmpty();
        assertThat(checks).hasValue(0);

        notices.askedBy(OPERATOR, "10.0.0.7:8081 a");
        timers.advance(OperatorNotices.CHECK_INTERVAL);
        assertThat(checks).hasValue(1);
    }

    @Test
    void changesInQuickSuccessionAreOneMoreNotice() {
        notices.askedBy(OPERATOR, "10.0.0.7:8081 a");
        for (int i = 0; i < 100; i++) {
            notices.changed();
        }
        assertThat(sent).hasSize(1);
        timers.advance(OperatorNotices.LEAST_INTERVAL);
        assertThat(sent).hasSize(2);
        timers.advance(Duration.ofMinutes(1));
        assertThat(sent).hasSize(2);
    }

    @Test
    void aNoticeThatFailsIsRepeatedThreeTimesAndTheNextChangeIsToldAgain() {
        answer = NO_ANSWER;
        notices.askedBy(OPERATOR, "10.0.0.7:8081 a");
        notices.changed();
        timers.advance(Duration.ofMinutes(1));
        assertThat(sent).hasSize(1 + OperatorNotices.RETRIES.size());
        assertThat(timers.waitingTasks()).isZero();

        answer = 202;
        notices.changed();
        assertThat(sent).hasSize(2 + OperatorNotices.RETRIES.size());
    }

    @Test
    void aRepeatedNoticeGoesToTheOperatorThatHasTakenOver() {
        answer = NO_ANSWER;
        notices.askedBy(OPERATOR, "10.0.0.7:8081 gone");
        notices.changed();
        answer = 202;
        notices.askedBy(OPERATOR, "10.0.0.8:8081 new");
        timers.advance(Duration.ofMinutes(1));
        assertThat(sent).containsExactly("gone", "new");
    }

    @Test
    void anOperatorThatDoesNotKnowTheAgentIsToldNoMore() {
        answer = 404;
        notices.askedBy(OPERATOR, "10.0.0.7:8081 a");
        notices.changed();
        timers.advance(Duration.ofMinutes(1));
        notices.changed();
        assertThat(sent).hasSize(1);
    }

    @Test
    void nothingIsSentAfterTheTimersHaveEnded() {
        notices.askedBy(OPERATOR, "10.0.0.7:8081 a");
        timers.shutdownNow();
        notices.changed();
        assertThat(sent).hasSize(1);
    }
}
