package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.agents.AgentNotices;
import ml.helix.wolf.operator.agents.AgentPoller;
import ml.helix.wolf.operator.desired.AgentPodSpec;
import ml.helix.wolf.operator.desired.SettingSources;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.Cordons;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.Rollout;
import ml.helix.wolf.operator.status.Status;
import org.jspecify.annotations.Nullable;

/**
 * The last step of a pass: gathers all that is known of the agents, makes the status of it, and writes the status if it
 * differs from the last one, and Events that tell the difference. Polls the agents of each WolfTunnel that was reported, until {@link #forget}.
 *
 * <p>Thread-safe, if reports of one WolfTunnel follow one another.
 */
final class StatusReporter implements AutoCloseable {
    /** Time alone may change a status that isn't Ready, and what keeps pods from starting comes without an event. */
    private static final Duration RECHECK_UNTIL_READY = Duration.ofSeconds(5);

    private final Optional<AgentNotices> notices;
    private final AgentPoller<ResourceID> poller;
    private final StuckPods stuckPods;
    private final DuplicateRunnerIds duplicates;
    private final DisplacedAgents displaced = new DisplacedAgents(System::nanoTime);
    private final StatusWriter statuses;
    private final StatusEvents events;
    private final InstantSource clock;
    private final OperatorMetrics metrics;

    /**
     * @param timers for the polls; the caller closes them, after this
     * @param noticesAt where to listen for agents' notices, empty for nowhere
     * @param trigger called without a lock with a WolfTunnel whose agents have changed
     */
    StatusReporter(
            KubernetesClient client,
            ScheduledExecutorService timers,
            InstantSource clock,
            OperatorMetrics metrics,
            Optional<InetSocketAddress> noticesAt,
            Consumer<ResourceID> trigger) {
        this.notices = noticesAt.map(AgentNotices::listen);
        this.poller = AgentPoller.overHttp(
                notices.map(AgentNotices::address),
                timers,
                RandomGenerator.getDefault()::nextDouble,
                trigger,
                metrics::countPoll);
        notices.ifPresent(each -> each.start(uid -> metrics.countedNotice(poller.noticed(uid))));
        this.stuckPods = new StuckPods(client, System::nanoTime);
        this.duplicates = new DuplicateRunnerIds(trigger);
        this.statuses = new StatusWriter(client);
        this.events = new StatusEvents(client, clock, System::nanoTime);
        this.clock = clock;
        this.metrics = metrics;
    }

    /** @return when the next pass is due even if no event comes before; empty if only events matter */
    Optional<Duration> report(Observed observed, ApplyResult applied, Cordons cordons) {
        var last = statuses.last(observed.resource());
        var now = clock.instant();
        var status = Status.of(observations(observed, applied, cordons, last), last, now);
        boolean differs = !status.equals(last);
        if (differs) {
            statuses.write(observed.resource(), status);
        }
        metrics.countStatus(differs);
        metrics.resources().show(observed.id(), status, now);
        var untold = events.tell(observed.resource(), last, status);
        var recheck = applied.retryAfter()
                .or(() -> Status.isReady(status) ? Optional.empty() : Optional.of(RECHECK_UNTIL_READY));
        return Stream.concat(untold.stream(), recheck.stream()).min(Comparator.naturalOrder());
    }

    private Observations observations(
            Observed observed, ApplyResult applied, Cordons cordons, @Nullable WolfTunnelStatus last) {
        var id = observed.id();
        var spec = observed.resource().getSpec();
        var pods = applied.ownPods(observed);
        poller.watch(id, pods);
        var stuck = stuckPods.diagnose(id, applied.daemonSet(), pods);
        return new Observations(
                observed.resource().getMetadata().getGeneration(),
                applied.daemonSet().map(Rollout::of),
                displaced.mark(id, agents(observed, pods, stuck), last),
                applied.obstacle(),
                spec.paused(),
                applied.heldBack(),
                stuck.podsForbidden(),
                AgentPodSpec.wolfContainer(spec),
                spec.controlPlane().all().size() > 1,
                SettingSources.of(spec),
                cordons);
    }

    private List<ObservedAgent> agents(Observed observed, List<AgentPod> pods, StuckPods.Diagnosis stuck) {
        var id = observed.id();
        var conflicts = duplicates.conflicts(observed.resource(), pods);
        return pods.stream()
                .map(pod -> new ObservedAgent(
                        pod,
                        poller.answer(id, pod),
                        Optional.ofNullable(stuck.warnings().get(pod.uid())),
                        Optional.ofNullable(conflicts.get(pod.node()))))
                .toList();
    }

    /** To be called with each WolfTunnel that comes into the cache. */
    void cached(WolfTunnel resource) {
        statuses.cached(resource);
    }

    /** For a WolfTunnel that another operator works on. */
    void leave(ResourceID resource) {
        poller.forget(resource);
        metrics.resources().forget(resource);
        events.forget(resource);
    }

    /** For a WolfTunnel that is deleted. */
    void forget(ResourceID resource) {
        poller.forget(resource);
        metrics.resources().forget(resource);
        events.forget(resource);
        statuses.forget(resource);
        stuckPods.forget(resource);
        displaced.forget(resource);
        duplicates.forget(resource);
    }

    /** Ends the polls. Idempotent. */
    @Override
    public void close() {
        notices.ifPresent(AgentNotices::close);
        poller.close();
    }
}
