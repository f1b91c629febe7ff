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
 * Chooses an instance for each request, and remembers where sessions are. A session stays at its instance while that is
 * eligible, and then moves; it stays where it has moved to. Thread safe.
 */
final class Balancer {
    private final Supplier<List<Instance>> instances;
    private final Strategy strategy;
    private final InstantSource clock;
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

    /** @param instances as they are now */
    Balancer(Supplier<List<Instance>> instances, Strategy strategy, Duration heartbeatInterval, InstantSource clock) {
        this.instances = instances;
        this.strategy = strategy;
        this.clock = clock;
        this.tally = new Tally(heartbeatInterval);
    }

    /**
     * Chooses; call {@link #ended} with the id when the request is over.
     *
     * @param tried ids not to choose
     */
    Optional<Choice> choose(Asked asked, Set<String> tried) {
        List<Instance> all = instances.get();
        List<Instance> eligible = all.stream()
                .filter(Candidate::isEligible)
                .filter(instance -> asked.reachable.test(instance.id()) && !tried.contains(instance.id()))
                .toList();
        Instant now = clock.instant();
        synchronized (this) {
            tally.keep(all);
            Optional<String> own = asked.session == null ? Optional.empty() : sessions.find(asked.session, now);
            Optional<Instance> sticky = own.flatMap(id -> eligible.stream()
                    .filter(instance -> instance.id().equals(id))
                    .findFirst());
            Optional<Instance> chosen = sticky.or(() -> best(eligible, asked, now));
            chosen.ifPresent(instance -> note(instance, sticky.isPresent(), asked, now));
            How how = sticky.isPresent() ? How.STICKY : own.isPresent() ? How.MOVED : How.CHOSEN;
            return chosen.map(instance -> new Choice(instance, how, eligible.size() > 1));
        }
    }

    private Optional<Instance> best(List<Instance> eligible, Asked asked, Instant now) {
        List<Candidate> candidates = eligible.stream()
                .map(instance -> tally.candidate(instance, now))
                .toList();
        return Candidate.best(strategy, candidates, asked.zone).map(Candidate::instance);
    }

    private void note(Instance instance, boolean sticky, Asked asked, Instant now) {
        boolean begins = asked.session == null ? asked.beginsSession : !sticky;
        tally.chosen(instance, begins, now);
        if (asked.session != null) {
            sessions.put(asked.session, instance.id(), now);
        }
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
