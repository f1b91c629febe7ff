package ml.helix.wolf.controlplane.routing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import ml.helix.wolf.controlplane.registry.Instance;
import org.jspecify.annotations.Nullable;

/**
 * Chooses an instance for each request, and keeps where sessions are, together with the other replicas. A session stays at its instance while that is
 * eligible, and then moves; it stays where it has moved to. Thread safe.
 */
final class Balancer {
    /** Beyond that, replicas that see different instances go on without agreement, for one request. */
    private static final int MOST_ROUNDS = 3;

    private final Supplier<List<Instance>> instances;
    private final Strategy strategy;
    private final InstantSource clock;
    private final SharedSessions shared;
    // Both guarded by this.
    private final Tally tally;
    private final Sessions sessions = new Sessions();

    /**
     * What a request asks for.
     *
     * @param session null if it belongs to none
     * @param beginsSession whether it may begin a session at Wolf, if it belongs to none
     * @param reachable which ids its caller may reach
     */
    record Asked(Optional<String> zone, @Nullable String session, boolean beginsSession, Predicate<String> reachable) {}

    /** How an instance was chosen. */
    enum How {
        CHOSEN,
        /** The session's own. */
        STICKY,
        /** For a session whose own can't be used now. */
        MOVED
    }

    /** @param others whether there was another one to choose */
    record Choice(Instance instance, How how, boolean others) {}

    /**
     * @param instances as they are now
     * @param shared where the replicas agree about sessions
     */
    Balancer(
            Supplier<List<Instance>> instances,
            Strategy strategy,
            Duration heartbeatInterval,
            SharedSessions shared,
            InstantSource clock) {
        this.instances = instances;
        this.strategy = strategy;
        this.shared = shared;
        this.clock = clock;
        this.tally = new Tally(heartbeatInterval);
    }

    /**
     * Chooses; call {@link #ended} with the id when the request is over. Blocks for a moment if the replicas have to agree.
     *
     * @param tried ids not to choose
     */
    Optional<Choice> choose(Asked asked, Set<String> tried) {
        List<Instance> all = instances.get();
        List<Instance> eligible = all.stream()
                .filter(Candidate::isEligible)
                .filter(instance -> asked.reachable.test(instance.id()) && !tried.contains(instance.id()))
                .toList();
        synchronized (this) {
            tally.keep(all);
        }
        if (asked.session != null) {
            return ofSession(asked.session, asked, eligible);
        }
        Instant now = clock.instant();
        synchronized (this) {
            return best(eligible, asked, now)
                    .map(instance -> noted(instance, How.CHOSEN, asked.beginsSession, eligible));
        }
    }

    /**
     * The instance of a session. What this replica wants holds if no other one has bound the session with as many moves; else it
     * goes by theirs, and where that instance can't be used here, the session moves once more.
     */
    private Optional<Choice> ofSession(String session, Asked asked, List<Instance> eligible) {
        for (int round = 1; ; round++) {
            Instant now = clock.instant();
            Binding wanted;
            Choice choice;
            synchronized (this) {
                Optional<Sessions.Place> place = sessions.find(session, now);
                Optional<Binding> own = place.map(Sessions.Place::binding);
                Optional<Instance> sticky = own.flatMap(binding -> eligible.stream()
                        .filter(instance -> instance.id().equals(binding.instance()))
                        .findFirst());
                Optional<Instance> chosen = sticky.or(() -> best(eligible, asked, now));
                if (chosen.isEmpty()) {
                    return Optional.empty();
                }
                String id = chosen.get().id();
                How how = sticky.isPresent() ? How.STICKY : own.isPresent() ? How.MOVED : How.CHOSEN;
                choice = noted(chosen.get(), how, how != How.STICKY, eligible);
                if (how == How.STICKY && place.get().isAgreed(now)) {
                    return Optional.of(choice);
                }
                wanted = how == How.STICKY
                        ? own.get()
                        : own.map(binding -> binding.movedTo(id)).orElseGet(() -> Binding.first(id));
            }
            Optional<Binding> holds = shared.bind(session, wanted);
            synchronized (this) {
                sessions.put(session, holds.orElse(wanted), holds.isPresent(), now);
                if (holds.orElse(wanted).instance().equals(wanted.instance()) || round == MOST_ROUNDS) {
                    return Optional.of(choice);
                }
                tally.ended(choice.instance.id());
            }
        }
    }

    /** Another replica has moved a session. */
    synchronized void moved(String session, Binding binding) {
        sessions.moved(session, binding, clock.instant());
    }

    private Optional<Instance> best(List<Instance> eligible, Asked asked, Instant now) {
        List<Candidate> candidates = eligible.stream()
                .map(instance -> tally.candidate(instance, now))
                .toList();
        return Candidate.best(strategy, candidates, asked.zone).map(Candidate::instance);
    }

    private Choice noted(Instance instance, How how, boolean beginsSession, List<Instance> eligible) {
        tally.chosen(instance, beginsSession, clock.instant());
        return new Choice(instance, how, eligible.size() > 1);
    }

    /** The instance gave no response to a request. */
    synchronized void failed(String id) {
        tally.failed(id, clock.instant());
    }

    synchronized void ended(String id) {
        tally.ended(id);
    }

    synchronized int sessions() {
        return sessions.size();
    }
}
