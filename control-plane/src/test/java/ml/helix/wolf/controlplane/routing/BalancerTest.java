package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ml.helix.wolf.controlplane.registry.Instance;
import ml.helix.wolf.controlplane.registry.InstanceStatus;
import ml.helix.wolf.controlplane.routing.Balancer.Asked;
import ml.helix.wolf.controlplane.routing.Balancer.Choice;
import ml.helix.wolf.controlplane.routing.Balancer.How;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BalancerTest {
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    private final Instance one = Instances.online("one");
    private final Instance two = Instances.online("two");
    private final Instance three = Instances.online("three");

    private List<Instance> instances = List.of(one, two, three);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Balancer balancer = balancer(Strategy.LEAST_LOADED);

    @Test
    void roundRobinGivesEachItsTurn() {
        Balancer roundRobin = balancer(Strategy.ROUND_ROBIN);
        List<String> ids = IntStream.range(0, 9)
                .mapToObj(i -> over(roundRobin, roundRobin.choose(request(), Set.of())))
                .toList();
        assertThat(ids.subList(0, 3)).containsExactlyInAnyOrder("one", "two", "three");
        assertThat(ids.subList(3, 6)).isEqualTo(ids.subList(0, 3));
        assertThat(ids.subList(6, 9)).isEqualTo(ids.subList(0, 3));
    }

    @Test
    void equalInstancesAreChosenEquallyOften() {
        assertThat(counts(30, this::request)).isEqualTo(Map.of("one", 10L, "two", 10L, "three", 10L));
    }

    @Test
    void requestsThatRunCountUntilTheyAreOver() {
        instances = List.of(one, two);
        Choice first = balancer.choose(request(), Set.of()).orElseThrow();
        String other = first.instance().id().equals("one") ? "two" : "one";
        for (int i = 0; i < 3; i++) {
            assertThat(over(balancer, balancer.choose(request(), Set.of()))).isEqualTo(other);
        }
        balancer.ended(first.instance().id());
        assertThat(over(balancer, balancer.choose(request(), Set.of())))
                .isEqualTo(first.instance().id());
    }

    @Test
    void aBurstOfNewSessionsIsSpreadByTheFreeSharesBeforeAnyHeartbeat() {
        instances = List.of(
                Instances.sessions(one, 0, 10), Instances.sessions(two, 5, 10), Instances.sessions(three, 0, 20));
        assertThat(counts(27, this::newSession)).isEqualTo(Map.of("one", 8L, "two", 3L, "three", 16L));
    }

    @Test
    void requestsThatMayBeginASessionAreCountedToo() {
        instances = List.of(Instances.sessions(one, 0, 10), Instances.sessions(two, 0, 10));
        assertThat(counts(10, () -> new Asked(Optional.empty(), null, true, id -> true)))
                .isEqualTo(Map.of("one", 5L, "two", 5L));
    }

    @Test
    void aNewerHeartbeatOrOneIntervalEndsTheCount() {
        instances = List.of(Instances.sessions(one, 0, 10), Instances.sessions(two, 9, 10));
        assertThat(counts(4, this::newSession)).isEqualTo(Map.of("one", 4L));
        instances = List.of(Instances.heartbeat(Instances.sessions(one, 4, 10), now), Instances.sessions(two, 9, 10));
        assertThat(counts(5, this::newSession)).as("4 reported, not 8").isEqualTo(Map.of("one", 5L));
        now = now.plus(INTERVAL);
        assertThat(counts(5, this::newSession)).as("nobody reports the 5").isEqualTo(Map.of("one", 5L));
    }

    @Test
    void aSessionStaysWhereItIsWhateverTheLoad() {
        String first = use("s");
        instances = instances.stream()
                .map(instance -> instance.id().equals(first) ? Instances.sessions(instance, 9, 10) : instance)
                .toList();
        for (int i = 0; i < 5; i++) {
            assertThat(use("s")).isEqualTo(first);
        }
        assertThat(balancer.choose(session("s"), Set.of()).orElseThrow().how()).isEqualTo(How.STICKY);
    }

    @Test
    void aSessionMovesOnceWhenItsInstanceDrainsDegradesOrDiesAndStaysThere() {
        for (int kind = 0; kind < 3; kind++) {
            instances = List.of(one, two, three);
            String session = "session " + kind;
            String first = use(session);
            List<Instance> without = new ArrayList<>();
            for (Instance instance : instances) {
                without.add(instance.id().equals(first) ? unusable(instance, kind) : instance);
            }
            instances = without;
            Choice moved = balancer.choose(session(session), Set.of()).orElseThrow();
            assertThat(moved.how()).isEqualTo(How.MOVED);
            assertThat(moved.instance().id()).isNotEqualTo(first);
            instances = List.of(one, two, three);
            for (int i = 0; i < 5; i++) {
                assertThat(use(session))
                        .as("it doesn't go back")
                        .isEqualTo(moved.instance().id());
            }
        }
    }

    @Test
    void aSessionOfAnInstanceThatIsGoneMoves() {
        String first = use("s");
        instances = instances.stream()
                .filter(instance -> !instance.id().equals(first))
                .toList();
        assertThat(use("s")).isNotEqualTo(first);
    }

    @Test
    void aSessionWhoseInstanceFailedARequestMovesWithTheRequest() {
        String first = use("s");
        String second = over(balancer, balancer.choose(session("s"), Set.of(first)));
        assertThat(second).isNotEqualTo(first);
        assertThat(use("s")).isEqualTo(second);
    }

    @Test
    void anInstanceThatHasFailedIsAvoidedForAWhile() {
        String failing = over(balancer, balancer.choose(request(), Set.of()));
        balancer.failed(failing);
        assertThat(counts(6, this::request)).doesNotContainKey(failing).hasSize(2);
        now = now.plus(Tally.PENALTY);
        assertThat(counts(6, this::request)).containsKey(failing);
    }

    @Test
    void aSessionIsForgottenWhenNobodyHasUsedItForADay() {
        use("s");
        now = now.plus(Sessions.IDLE).minusSeconds(1);
        assertThat(balancer.choose(session("s"), Set.of()).orElseThrow().how()).isEqualTo(How.STICKY);
        now = now.plus(Sessions.IDLE);
        assertThat(balancer.choose(session("s"), Set.of()).orElseThrow().how()).isEqualTo(How.CHOSEN);
    }

    @Test
    void onlyIdsThatTheCallerMayReachAreChosen() {
        assertThat(counts(5, () -> new Asked(Optional.empty(), null, false, Predicate.isEqual("two"))))
                .isEqualTo(Map.of("two", 5L));
    }

    @Test
    void triedInstancesAndThoseThatCantBeUsedAreNotChosen() {
        instances = List.of(Instances.draining(one), Instances.status(two, InstanceStatus.DEGRADED), three);
        Choice only = balancer.choose(request(), Set.of()).orElseThrow();
        assertThat(only.instance().id()).isEqualTo("three");
        assertThat(only.others()).isFalse();
        assertThat(balancer.choose(request(), Set.of("three"))).isEmpty();
    }

    /** What the replicas agreed on; null while nobody can say. */
    private @Nullable Map<String, Binding> agreed = new HashMap<>();

    private Balancer replica() {
        SharedSessions shared = (session, wanted) -> Optional.ofNullable(agreed)
                .map(all -> all.merge(session, wanted, (old, other) -> old.moves() < other.moves() ? other : old));
        return new Balancer(() -> instances, Strategy.LEAST_LOADED, INTERVAL, shared, () -> now);
    }

    private static String use(Balancer replica, String session) {
        return over(replica, replica.choose(session(session), Set.of()));
    }

    @Test
    void replicasHaveASessionAtOneInstanceWhateverEachWouldChoose() {
        Balancer here = replica();
        Balancer there = replica();
        for (int i = 0; i < 9; i++) {
            String session = "session " + i;
            String first = use(here, session);
            over(there, there.choose(request(), Set.of())); // it is at another turn
            assertThat(use(there, session)).isEqualTo(first);
            assertThat(use(replica(), session)).as("after a restart").isEqualTo(first);
        }
    }

    @Test
    void aSessionThatHasMovedAtOneReplicaNeverGoesBackAtAnother() {
        Balancer here = replica();
        Balancer there = replica();
        String first = use(here, "s");
        assertThat(use(there, "s")).isEqualTo(first);
        instances = instances.stream()
                .map(instance -> instance.id().equals(first) ? Instances.draining(instance) : instance)
                .toList();
        String second = use(here, "s");
        assertThat(second).isNotEqualTo(first);
        assertThat(use(there, "s")).as("both see that it drains").isEqualTo(second);
        instances = List.of(one, two, three);
        assertThat(use(here, "s")).isEqualTo(second);
        assertThat(use(there, "s")).isEqualTo(second);
    }

    @Test
    void aMoveThatAnotherReplicaTellsOfHolds() {
        Balancer replica = replica();
        String first = use(replica, "s");
        String other = first.equals("one") ? "two" : "one";
        replica.moved("s", new Binding(other, 1));
        assertThat(use(replica, "s")).isEqualTo(other);
        replica.moved("s", new Binding(first, 0));
        assertThat(use(replica, "s")).as("old news").isEqualTo(other);
    }

    @Test
    void withoutTheOthersASessionStaysWhereThisReplicaPutItUntilTheyAgree() {
        Balancer here = replica();
        Balancer there = replica();
        Map<String, Binding> known = agreed;
        agreed = null;
        String first = use(here, "s");
        assertThat(use(here, "s")).isEqualTo(first);
        over(there, there.choose(request(), Set.of()));
        use(there, "s");
        agreed = known;
        assertThat(use(here, "s")).as("it is the first to say").isEqualTo(first);
        assertThat(use(there, "s")).isEqualTo(first);
    }

    @Test
    void anAgreementIsAskedForAgainAfterAWhile() {
        Balancer replica = replica();
        String first = use(replica, "s");
        String other = first.equals("one") ? "two" : "one";
        agreed = new HashMap<>(Map.of("s", new Binding(other, 1)));
        assertThat(use(replica, "s")).isEqualTo(first);
        now = now.plus(Sessions.AGREED);
        assertThat(use(replica, "s")).isEqualTo(other);
    }

    private static Instance unusable(Instance instance, int kind) {
        return switch (kind) {
            case 0 -> Instances.draining(instance);
            case 1 -> Instances.status(instance, InstanceStatus.DEGRADED);
            default -> Instances.status(instance, InstanceStatus.OFFLINE);
        };
    }

    private Balancer balancer(Strategy strategy) {
        return new Balancer(() -> instances, strategy, INTERVAL, SharedSessions.NONE, () -> now);
    }

    private int sessions;

    private Asked newSession() {
        return session("new " + sessions++);
    }

    private Asked request() {
        return session(null);
    }

    private static Asked session(@Nullable String session) {
        return new Asked(Optional.empty(), session, false, id -> true);
    }

    private String use(String session) {
        return over(balancer, balancer.choose(session(session), Set.of()));
    }

    private Map<String, Long> counts(int requests, Supplier<Asked> asked) {
        return IntStream.range(0, requests)
                .mapToObj(i -> over(balancer, balancer.choose(asked.get(), Set.of())))
                .collect(Collectors.groupingBy(id -> id, Collectors.counting()));
    }

    private static String over(Balancer balancer, Optional<Choice> choice) {
        String id = choice.orElseThrow().instance().id();
        balancer.ended(id);
        return id;
    }
}
