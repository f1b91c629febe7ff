package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.controlplane.registry.Instance;
import ml.helix.wolf.controlplane.registry.InstanceStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CandidateTest {
    private final Instance one = Instances.online("one");
    private final Instance two = Instances.online("two");

    @Test
    void onlyWhatIsOnlineConnectedAndUndrainedIsEligible() {
        assertThat(Candidate.isEligible(one)).isTrue();
        assertThat(Candidate.isEligible(Instances.draining(one))).isFalse();
        assertThat(Candidate.isEligible(Instances.status(one, InstanceStatus.DEGRADED)))
                .isFalse();
        assertThat(Candidate.isEligible(Instances.status(one, InstanceStatus.OFFLINE)))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 8, 0",
        "2, 8, 0.25",
        "8, 8, 1",
        "12, 8, 1.5",
        ", 8, 0",
        ", , 0",
        "0, , 0",
        "1, , 0.5",
        "9, , 0.9",
        "0, 0, Infinity",
    })
    void theLoadIsTheShareOfSessionsInUse(@Nullable Integer active, @Nullable Integer max, double load) {
        assertThat(candidate(Instances.sessions(one, active, max)).load()).isEqualTo(load);
    }

    @Test
    void sessionsBegunSinceTheLastHeartbeatCount() {
        Instance instance = Instances.sessions(one, 2, 8);
        assertThat(new Candidate(instance, 3, 0, 0, false).load()).isEqualTo(5 / 8.0, within(1e-9));
    }

    @Test
    void theLeastShareOfSessionsWinsBeforeTheFewestStreams() {
        assertThat(best(
                        Strategy.LEAST_LOADED,
                        "",
                        candidate(Instances.streams(Instances.sessions(one, 1, 10), 50)),
                        candidate(Instances.sessions(two, 1, 2))))
                .isEqualTo("one");
    }

    @Test
    void amongEqualSharesTheFewestStreamsWin() {
        assertThat(best(
                        Strategy.LEAST_LOADED,
                        "",
                        candidate(Instances.streams(Instances.sessions(one, 1, 2), 2)),
                        candidate(Instances.streams(Instances.sessions(two, 2, 4), 1))))
                .isEqualTo("two");
    }

    @Test
    void requestsThatWaitForTheirStreamsCountAsStreams() {
        assertThat(best(
                        Strategy.LEAST_LOADED,
                        "",
                        new Candidate(one, 0, 3, 0, false),
                        candidate(Instances.streams(two, 2))))
                .isEqualTo("two");
    }

    @Test
    void tiesGoToTheOneThatWasChosenLongestAgo() {
        for (Strategy strategy : Strategy.values()) {
            assertThat(best(strategy, "", new Candidate(one, 0, 0, 7, false), new Candidate(two, 0, 0, 5, false)))
                    .as("%s", strategy)
                    .isEqualTo("two");
        }
    }

    @Test
    void roundRobinLooksAtNoLoad() {
        assertThat(best(
                        Strategy.ROUND_ROBIN,
                        "",
                        new Candidate(Instances.sessions(one, 9, 10), 0, 0, 1, false),
                        new Candidate(two, 0, 0, 2, false)))
                .isEqualTo("one");
    }

    @Test
    void theAskedZoneComesFirstWhateverItsLoad() {
        Instance busy = Instances.zone(Instances.sessions(one, 9, 10), "eu-1");
        Instance idle = Instances.zone(two, "us-1");
        for (Strategy strategy : Strategy.values()) {
            assertThat(best(strategy, "eu-1", new Candidate(busy, 0, 0, 9, false), candidate(idle)))
                    .isEqualTo("one");
            assertThat(best(strategy, "us-1", candidate(busy), new Candidate(idle, 0, 0, 9, false)))
                    .isEqualTo("two");
        }
        assertThat(best(Strategy.LEAST_LOADED, "asia-1", candidate(busy), candidate(idle)))
                .as("a zone without instances")
                .isEqualTo("two");
    }

    @Test
    void oneThatIsFailingComesLastWhateverItsZone() {
        Candidate failing = new Candidate(Instances.zone(one, "eu-1"), 0, 0, 0, true);
        for (Strategy strategy : Strategy.values()) {
            assertThat(best(strategy, "eu-1", failing, new Candidate(two, 0, 9, 9, false)))
                    .isEqualTo("two");
            assertThat(best(strategy, "eu-1", failing)).isEqualTo("one");
        }
    }

    @Test
    void aFullInstanceIsChosenIfThereIsNoOther() {
        assertThat(best(Strategy.LEAST_LOADED, "", candidate(Instances.sessions(one, 8, 8))))
                .isEqualTo("one");
    }

    private static Candidate candidate(Instance instance) {
        return new Candidate(instance, 0, 0, 0, false);
    }

    private static String best(Strategy strategy, String zone, Candidate... candidates) {
        Optional<String> asked = Optional.of(zone).filter(value -> !value.isEmpty());
        List<Candidate> all = Stream.of(candidates).toList();
        String best = id(Candidate.best(strategy, all, asked));
        assertThat(id(Candidate.best(strategy, all.reversed(), asked)))
                .as("whatever the order")
                .isEqualTo(best);
        return best;
    }

    private static String id(Optional<Candidate> candidate) {
        return candidate.orElseThrow().instance().id();
    }
}
