package ml.helix.wolf.agent.reconnect;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration FIRST = Duration.ofSeconds(5);
    private static final TunnelException LOST = new TunnelException(FailureReason.CONNECTION_LOST, "lost");
    private static final TunnelException UNAUTHORIZED = new TunnelException(FailureReason.UNAUTHORIZED, "no");
    private static final RandomGenerator HIGHEST = fixed(true);
    private static final RandomGenerator LOWEST = fixed(false);

    @Test
    void theBoundGrowsByAHalfFromTheFirstWaitToSixtySeconds() {
        var backoff = new Backoff(FIRST, HIGHEST);

        for (long millis : new long[] {5000, 7500, 11_250, 16_875, 25_312, 37_968, 56_953, 60_000, 60_000}) {
            assertThat(backoff.next(LOST, Duration.ZERO)).hasMillis(millis);
        }
    }

    @Test
    void jitterIsFull() {
        var backoff = new Backoff(FIRST, LOWEST);

        assertThat(backoff.next(LOST, Duration.ZERO)).isZero();
        assertThat(backoff.next(LOST, Duration.ZERO)).isZero();
    }

    @Test
    void aConnectionOfSixtySecondsResetsTheBound() {
        var backoff = new Backoff(FIRST, HIGHEST);
        backoff.next(LOST, Duration.ZERO);
        backoff.next(LOST, Duration.ZERO);

        assertThat(backoff.next(LOST, Duration.ofSeconds(59))).hasMillis(11_250);
        assertThat(backoff.next(LOST, Duration.ofSeconds(60))).hasMillis(5000);
        assertThat(backoff.next(LOST, Duration.ZERO)).hasMillis(7500);
    }

    @Test
    void aRefusedTokenWaitsAtLeastHalfTheBoundWhichGrows() {
        var backoff = new Backoff(FIRST, LOWEST);

        assertThat(backoff.next(UNAUTHORIZED, Duration.ZERO)).hasMillis(2500);
        assertThat(backoff.next(UNAUTHORIZED, Duration.ZERO)).hasMillis(3750);
        assertThat(backoff.next(UNAUTHORIZED, Duration.ZERO)).hasMillis(5625);
    }

    @Test
    void aDisplacedAgentWaits30SecondsAtLeast() {
        var displaced = new TunnelException(FailureReason.DISPLACED, "displaced");

        assertThat(new Backoff(FIRST, LOWEST).next(displaced, Duration.ofHours(1)))
                .hasSeconds(30);
        assertThat(new Backoff(FIRST, HIGHEST).next(displaced, Duration.ofHours(1)))
                .hasSeconds(60);
    }

    @Test
    void aRetryAfterIsTheLeastWaitAndGetsJitterToo() {
        var busy = new TunnelException(FailureReason.SERVER_ERROR, "busy", Duration.ofSeconds(30), 503);

        assertThat(new Backoff(FIRST, LOWEST).next(busy, Duration.ZERO)).hasSeconds(30);
        assertThat(new Backoff(FIRST, HIGHEST).next(busy, Duration.ZERO)).hasSeconds(35);
    }

    @Test
    void aFirstWaitBeyondTheCapIsCapped() {
        assertThat(new Backoff(Duration.ofHours(1), HIGHEST).next(LOST, Duration.ZERO))
                .hasSeconds(60);
    }

    /**
     * A control plane with 5,000 agents is down. It is expected to get 5,000 / 5 s = 1,000 attempts a second at first, with second attempts up to 1,800, and
     * 5,000 / 30 s, by the mean of the longest wait, from a minute on. The limits leave room for chance.
     */
    @Test
    void fiveThousandAgentsDoNotComeBackAtOnce() {
        var random = new Random(42);
        record Agent(Backoff backoff, double at) {}
        var agents = new PriorityQueue<Agent>((one, other) -> Double.compare(one.at, other.at));
        for (int i = 0; i < 5000; i++) {
            var backoff = new Backoff(FIRST, random);
            agents.add(new Agent(backoff, seconds(backoff.next(LOST, Duration.ofHours(1)))));
        }
        int[] attempts = new int[240];
        while (agents.element().at < attempts.length) {
            Agent agent = agents.remove();
            attempts[(int) agent.at]++;
            agents.add(new Agent(agent.backoff, agent.at + seconds(agent.backoff.next(LOST, Duration.ZERO))));
        }

        for (int second = 0; second < 60; second++) {
            assertThat(attempts[second]).as("attempts in second " + second).isLessThan(2000);
        }
        for (int second = 120; second < attempts.length; second++) {
            assertThat(attempts[second]).as("attempts in second " + second).isLessThan(250);
        }
    }

    /** A control plane with 10,000 agents is away for 6 s: all have tried again within a minute. */
    @Test
    void afterAShortAbsenceAllHaveTriedAgainWithinAMinute() {
        var random = new Random(42);
        for (int i = 0; i < 10_000; i++) {
            var backoff = new Backoff(FIRST, random);
            double at = seconds(backoff.next(LOST, Duration.ofHours(1)));
            while (at < 6) {
                at += seconds(backoff.next(LOST, Duration.ZERO));
            }
            assertThat(at).isLessThan(50);
        }
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static RandomGenerator fixed(boolean highest) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new UnsupportedOperationException();
            }

            @Override
            public long nextLong(long bound) {
                return highest ? bound - 1 : 0;
            }
        };
    }
}
