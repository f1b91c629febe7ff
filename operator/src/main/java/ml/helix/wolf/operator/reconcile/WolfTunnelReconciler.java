package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.observed.Cordons;
import ml.helix.wolf.operator.observed.Obstacle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pass over a WolfTunnel: observe, check, apply, report. A pass reads from caches and writes only what differs.
 *
 * <p>Thread-safe: passes over several WolfTunnels run at once, those over one WolfTunnel one after the other.
 */
public final class WolfTunnelReconciler implements Reconciler<WolfTunnel>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WolfTunnelReconciler.class);
    private static final Duration AFTER_TRANSIENT_FAILURE = Duration.ofSeconds(2);

    private final EventSources sources;
    private final OperatorClaims claims;
    private final Prerequisites prerequisites;
    private final AgentObjects objects;
    private final CordonedNodes cordonedNodes;
    private final CordonAnnotations cordonAnnotations;
    private final StatusReporter reporter;
    private final OperatorMetrics metrics;

    private volatile boolean leading;

    /**
     * @param home the namespace of this operator's Lease, empty without leader election
     * @param timers for the polls of agents; the caller closes them, after this
     * @param noticesAt where to listen for agents' notices, empty for nowhere
     * @throws java.io.UncheckedIOException if that address can't be bound
     */
    public WolfTunnelReconciler(
            KubernetesClient client,
            String agentImage,
            Optional<String> home,
            ScheduledExecutorService timers,
            InstantSource clock,
            OperatorMetrics metrics,
            Optional<InetSocketAddress> noticesAt) {
        var references = new ReferenceWatches(client);
        this.objects = new AgentObjects(client, clock, metrics);
        this.claims = new OperatorClaims(client, home);
        this.prerequisites = new Prerequisites(references, agentImage);
        this.reporter = new StatusReporter(client, timers, clock, metrics, noticesAt, this::trigger);
        this.cordonedNodes = new CordonedNodes(client);
        this.cordonAnnotations = new CordonAnnotations(client, System::nanoTime);
        this.sources = new EventSources(references, cordonedNodes, objects::onDeleted, this::forget, reporter::cached);
        this.metrics = metrics;
    }

    /** JOSDK needs it: see {@link EventSources#afterDeletions}. */
    public Metrics afterDeletions() {
        return sources.afterDeletions();
    }

    /** Whether an update of a WolfTunnel needs a pass. */
    public static boolean needsPass(WolfTunnel now, WolfTunnel before) {
        return EventSources.needsPass(now, before);
    }

    @Override
    public List<EventSource<?, WolfTunnel>> prepareEventSources(EventSourceContext<WolfTunnel> context) {
        return sources.prepare(context);
    }

    /** From now on reconciles, and at once every WolfTunnel that exists. Before that, events only fill the caches. */
    public void startLeading() {
        leading = true;
        metrics.leading(true);
        sources.triggerAll();
    }

    /** From now on begins no pass. */
    public void stopLeading() {
        leading = false;
        metrics.leading(false);
    }

    @Override
    public UpdateControl<WolfTunnel> reconcile(WolfTunnel resource, Context<WolfTunnel> context) {
        if (!leading || context.isPrimaryResourceDeleted()) {
            return UpdateControl.noUpdate();
        }
        boolean done = false;
        try {
            var due = pass(Observed.of(resource, context, cordons(resource)));
            done = true;
            return nextPass(due);
        } catch (KubernetesClientException e) {
            var wait = ApiErrors.isTransient(e) ? AFTER_TRANSIENT_FAILURE : AgentObjects.AFTER_REFUSAL;
            LOG.warn(
                    "WolfTunnel {}/{}: trying again in {} s: {}",
                    resource.getMetadata().getNamespace(),
                    resource.getMetadata().getName(),
                    wait.toSeconds(),
                    ApiErrors.message(e));
            return nextPass(Optional.of(wait));
        } finally {
            metrics.countPass(done);
            forgetIfDeleted(resource);
        }
    }

    private Cordons cordons(WolfTunnel resource) {
        return cordonedNodes.watch(
                ResourceID.fromResource(resource), resource.getSpec().drainCordonedNodes());
    }

    /**
     * @return when the next pass is due even if no event comes before; empty if only events matter
     * @throws KubernetesClientException if the API server does not answer, or refuses
     */
    private Optional<Duration> pass(Observed observed) {
        return switch (check(observed)) {
            case Check.HeldByAnother another -> leaveToOther(observed.id());
            case Check.Loading loading -> Optional.empty();
            case Check.Blocked(var obstacle) -> report(observed, ApplyResult.blocked(observed, obstacle));
            case Check.Paused(var desired) -> report(observed, ApplyResult.paused(observed, desired));
            case Check.Go(var desired) -> {
                var applied = objects.apply(observed, claims.claim(desired));
                yield reporter.report(observed, applied, cordonAnnotations.write(observed, applied));
            }
        };
    }

    private Optional<Duration> report(Observed observed, ApplyResult result) {
        return reporter.report(observed, result, observed.cordons());
    }

    private Check check(Observed observed) {
        if (claims.heldByAnother(observed.id(), observed.daemonSet())) {
            return new Check.HeldByAnother();
        }
        var resource = observed.resource();
        return resource.isMarkedForDeletion()
                ? new Check.Blocked(terminating(resource))
                : prerequisites.check(observed.id(), resource);
    }

    private static Obstacle terminating(WolfTunnel resource) {
        return new Obstacle.Terminating("it is being deleted and waits for its finalizers: "
                + String.join(", ", resource.getMetadata().getFinalizers()));
    }

    private Optional<Duration> leaveToOther(ResourceID id) {
        reporter.leave(id);
        return Optional.of(OperatorClaims.RECHECK);
    }

    private static UpdateControl<WolfTunnel> nextPass(Optional<Duration> due) {
        var control = UpdateControl.<WolfTunnel>noUpdate();
        return due.map(control::rescheduleAfter).orElse(control);
    }

    /**
     * A WolfTunnel may be deleted during its own pass. What the pass has kept for it since would never be removed. Another
     * WolfTunnel may have its name by now, so this triggers a pass too.
     */
    private void forgetIfDeleted(WolfTunnel resource) {
        var id = ResourceID.fromResource(resource);
        if (sources.isDeleted(id)) {
            forget(resource);
            sources.trigger(id);
        }
    }

    private void trigger(ResourceID resource) {
        sources.trigger(resource);
    }

    private void forget(WolfTunnel resource) {
        var id = ResourceID.fromResource(resource);
        claims.forget(id);
        prerequisites.forget(id);
        objects.forget(resource);
        cordonedNodes.watch(id, false);
        cordonAnnotations.forget(id);
        reporter.forget(id);
    }

    /** Ends the polls of agents. Idempotent. */
    @Override
    public void close() {
        reporter.close();
    }
}
