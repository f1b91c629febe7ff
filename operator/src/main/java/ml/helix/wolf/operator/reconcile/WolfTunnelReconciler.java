package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Constants;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.TransformingItemStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.agents.AgentPoller;
import ml.helix.wolf.operator.desired.AgentDaemonSet;
import ml.helix.wolf.operator.desired.AgentMetadata;
import ml.helix.wolf.operator.desired.AgentPodSpec;
import ml.helix.wolf.operator.desired.AgentServiceAccount;
import ml.helix.wolf.operator.desired.SettingSources;
import ml.helix.wolf.operator.desired.TemplateInputs;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.Obstacle;
import ml.helix.wolf.operator.observed.Rollout;
import ml.helix.wolf.operator.status.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a WolfTunnel: prerequisites, desired objects, apply, observe, status. It reads from caches alone; it writes
 * only what differs. One reconciliation per tunnel at a time, several tunnels at once.
 */
public final class WolfTunnelReconciler implements Reconciler<WolfTunnel>, AutoCloseable {
    /** In pages, so that thousands of pods are never in memory whole. */
    private static final long PODS_AT_ONCE = 200;

    private static final Logger LOG = LoggerFactory.getLogger(WolfTunnelReconciler.class);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

    /** While a tunnel is not Ready: time alone may tell something, and the reasons of stuck pods come without an event. */
    private static final Duration WHILE_NOT_READY = Duration.ofSeconds(5);

    private final AgentObjects objects;
    private final OperatorClaims otherOperators;
    private final StatusWriter statuses;
    private final StuckPods stuckPods;
    private final ReferenceWatches references;
    private final Prerequisites prerequisites;
    private final ReconcileTrigger events;
    private final AgentPoller<ResourceID> agents;
    private final DuplicateRunnerIds runnerIds;
    private final DisplacedAgents displacements = new DisplacedAgents(System::nanoTime);
    private final InstantSource clock;
    private final OperatorMetrics activity;

    private volatile @Nullable IndexerResourceCache<WolfTunnel> tunnels;

    /** Whether this replica may work. */
    private volatile boolean leading;

    /**
     * @param home the namespace of this operator's Lease, empty without leader election
     * @param timers for the agents' polls; whoever made it closes it, after this
     */
    public WolfTunnelReconciler(
            KubernetesClient client,
            String agentImage,
            Optional<String> home,
            ScheduledExecutorService timers,
            InstantSource clock,
            OperatorMetrics activity) {
        this.objects = new AgentObjects(client, clock, activity);
        this.otherOperators = new OperatorClaims(client, home, System::nanoTime);
        this.statuses = new StatusWriter(client);
        this.stuckPods = new StuckPods(client, System::nanoTime);
        this.references = new ReferenceWatches(client);
        this.prerequisites = new Prerequisites(references, agentImage);
        this.events = new ReconcileTrigger(this::forget);
        this.runnerIds = new DuplicateRunnerIds(events::changed);
        this.agents = AgentPoller.overHttp(
                timers, RandomGenerator.getDefault()::nextDouble, events::changed, activity::asked);
        this.clock = clock;
        this.activity = activity;
    }

    @Override
    public List<EventSource<?, WolfTunnel>> prepareEventSources(EventSourceContext<WolfTunnel> context) {
        tunnels = context.getPrimaryCache();
        var sources = new ArrayList<EventSource<?, WolfTunnel>>(
                List.of(references, events, owned(DaemonSet.class, context), owned(ServiceAccount.class, context)));
        context.getControllerConfiguration()
                .getEffectiveNamespaces()
                .forEach(namespace -> sources.add(pods(namespace, context)));
        return sources;
    }

    /** From now on reconciles, every tunnel that there is at once; before, events only fill the caches. */
    public void lead() {
        leading = true;
        activity.leading(true);
        var known = tunnels;
        if (known != null) {
            known.list().map(ResourceID::fromResource).forEach(events::changed);
        }
    }

    /** Begins nothing any more until it leads again. */
    public void rest() {
        leading = false;
        activity.leading(false);
    }

    private <T extends HasMetadata> EventSource<T, WolfTunnel> owned(
            Class<T> kind, EventSourceContext<WolfTunnel> context) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(kind, WolfTunnel.class)
                        .withName(kind.getSimpleName())
                        .withLabelSelector(AgentMetadata.SELECTOR)
                        .withNamespacesInheritedFromController()
                        .withSecondaryToPrimaryMapper(WolfTunnelReconciler::tunnelByName)
                        .withOnDeleteFilter((deleted, stateUnknown) -> {
                            objects.gone(deleted);
                            return true;
                        })
                        .build(),
                context);
    }

    /** One for each namespace: an informer that lists takes out of its store whatever it has not listed itself. */
    private static EventSource<Pod, WolfTunnel> pods(String namespace, EventSourceContext<WolfTunnel> context) {
        return new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Pod.class, WolfTunnel.class)
                        .withName(namespace.equals(Constants.WATCH_ALL_NAMESPACES) ? "Pod" : "Pod in " + namespace)
                        .withLabelSelector(AgentMetadata.SELECTOR)
                        .withNamespaces(namespace)
                        .withSecondaryToPrimaryMapper(WolfTunnelReconciler::tunnelOf)
                        .withItemStore(new TransformingItemStore<>(AgentPod::stripped))
                        .withInformerListLimit(PODS_AT_ONCE)
                        .withOnUpdateFilter((now, before) -> !AgentPod.of(now).equals(AgentPod.of(before)))
                        .build(),
                context);
    }

    /** By the name alone: labels and owners may be changed by anybody, and are put right. */
    private static Set<ResourceID> tunnelByName(HasMetadata object) {
        return AgentMetadata.resourceName(object.getMetadata().getName())
                .map(name -> Set.of(new ResourceID(name, object.getMetadata().getNamespace())))
                .orElse(Set.of());
    }

    private static Set<ResourceID> tunnelOf(HasMetadata object) {
        return Optional.ofNullable(object.getMetadata().getLabels())
                .map(labels -> labels.get(AgentMetadata.INSTANCE_LABEL))
                .map(name -> Set.of(new ResourceID(name, object.getMetadata().getNamespace())))
                .orElse(Set.of());
    }

    @Override
    public UpdateControl<WolfTunnel> reconcile(WolfTunnel tunnel, Context<WolfTunnel> context) {
        if (!leading || context.isPrimaryResourceDeleted()) {
            return UpdateControl.noUpdate();
        }
        try {
            return reconciled(tunnel, context);
        } catch (KubernetesClientException e) {
            var again = AgentObjects.passing(e) ? AFTER_FAILURE : AgentObjects.AFTER_REFUSAL;
            LOG.warn(
                    "WolfTunnel {}/{}: trying again in {} s: {}",
                    tunnel.getMetadata().getNamespace(),
                    tunnel.getMetadata().getName(),
                    again.toSeconds(),
                    AgentObjects.words(e));
            return UpdateControl.<WolfTunnel>noUpdate().rescheduleAfter(again);
        } finally {
            forgetIfGone(tunnel);
        }
    }

    /**
     * Its end may have been told in the middle of a reconciliation: what was kept for it since would stay for ever. Where
     * another of its name is there by now, that one is looked at again.
     */
    private void forgetIfGone(WolfTunnel tunnel) {
        var id = ResourceID.fromResource(tunnel);
        var known = tunnels;
        if (known != null && known.get(id).isEmpty()) {
            references.onResourceDeleted(tunnel);
            forget(tunnel);
            events.changed(id);
        }
    }

    private UpdateControl<WolfTunnel> reconciled(WolfTunnel tunnel, Context<WolfTunnel> context) {
        var id = ResourceID.fromResource(tunnel);
        if (otherOperators.workOn(id, context.getSecondaryResource(DaemonSet.class))) {
            agents.forget(id);
            return UpdateControl.<WolfTunnel>noUpdate().rescheduleAfter(OperatorClaims.LOOK);
        }
        if (tunnel.isMarkedForDeletion()) {
            return report(tunnel, context, daemonSet(tunnel, context), Optional.of(terminating(tunnel)), false);
        }
        return switch (prerequisites.of(tunnel)) {
            case Prerequisites.Found.Loading loading -> UpdateControl.noUpdate();
            case Prerequisites.Found.Missing(var obstacle) ->
                report(tunnel, context, daemonSet(tunnel, context), Optional.of(obstacle), false);
            case Prerequisites.Found.Ready(var inputs) -> rollOut(tunnel, context, inputs);
        };
    }

    private UpdateControl<WolfTunnel> rollOut(WolfTunnel tunnel, Context<WolfTunnel> context, TemplateInputs inputs) {
        var desired = AgentDaemonSet.of(tunnel, inputs);
        if (tunnel.getSpec().paused()) {
            var actual = daemonSet(tunnel, context);
            var digest = Rollout.of(desired).digest();
            boolean differs = actual.map(Rollout::of)
                    .filter(rollout -> rollout.digest().equals(digest))
                    .isEmpty();
            return report(tunnel, context, actual, Optional.empty(), differs);
        }
        var result = objects.apply(
                tunnel,
                otherOperators.marked(desired),
                context.getSecondaryResource(ServiceAccount.class),
                context.getSecondaryResource(DaemonSet.class));
        var control = report(tunnel, context, result.daemonSet(), result.obstacle(), false);
        return result.again()
                .map(UpdateControl.<WolfTunnel>noUpdate()::rescheduleAfter)
                .orElse(control);
    }

    private static Obstacle terminating(WolfTunnel tunnel) {
        return new Obstacle.Terminating("it is being deleted and waits for its finalizers: "
                + String.join(", ", tunnel.getMetadata().getFinalizers()));
    }

    /** The tunnel's own, or an orphan that it may adopt. */
    private static Optional<DaemonSet> daemonSet(WolfTunnel tunnel, Context<WolfTunnel> context) {
        var account = AgentServiceAccount.of(tunnel);
        return context.getSecondaryResource(DaemonSet.class)
                .filter(found -> Ownership.of(found, account).permitsChanges());
    }

    /** Writes the status where it differs, and says when to look again where no event may come. */
    private UpdateControl<WolfTunnel> report(
            WolfTunnel tunnel,
            Context<WolfTunnel> context,
            Optional<DaemonSet> daemonSet,
            Optional<Obstacle> obstacle,
            boolean pausedChanges) {
        var owner = daemonSet.map(present -> present.getMetadata().getUid()).orElse("none");
        var pods = context.getSecondaryResourcesAsStream(Pod.class)
                .map(AgentPod::of)
                .filter(pod -> pod.ownerUid().equals(owner))
                .toList();
        var id = ResourceID.fromResource(tunnel);
        agents.watch(id, pods);
        var stuck = stuckPods.look(id, daemonSet, pods);
        var last = statuses.last(tunnel);
        var observations = new Observations(
                tunnel.getMetadata().getGeneration(),
                daemonSet.map(Rollout::of),
                displacements.judged(id, observed(tunnel, pods, stuck), last),
                obstacle,
                tunnel.getSpec().paused(),
                pausedChanges,
                stuck.podsForbidden(),
                AgentPodSpec.wolfContainer(tunnel.getSpec()),
                SettingSources.of(tunnel.getSpec()));
        var status = Status.of(observations, last, clock.instant());
        boolean differs = !status.equals(last);
        if (differs) {
            statuses.write(tunnel, status);
        }
        activity.reported(differs);
        var control = UpdateControl.<WolfTunnel>noUpdate();
        return Status.isReady(status) ? control : control.rescheduleAfter(WHILE_NOT_READY);
    }

    private List<ObservedAgent> observed(WolfTunnel tunnel, List<AgentPod> pods, StuckPods.Look stuck) {
        var id = ResourceID.fromResource(tunnel);
        var rivals = runnerIds.rivals(tunnel, pods);
        return pods.stream()
                .map(pod -> new ObservedAgent(
                        pod,
                        agents.answer(id, pod),
                        Optional.ofNullable(stuck.warnings().get(pod.uid())),
                        Optional.ofNullable(rivals.get(pod.node()))))
                .toList();
    }

    private void forget(WolfTunnel tunnel) {
        var id = ResourceID.fromResource(tunnel);
        agents.forget(id);
        statuses.forget(id);
        stuckPods.forget(id);
        objects.forget(tunnel);
        otherOperators.forget(id);
        displacements.forget(id);
        runnerIds.forget(id);
    }

    /** Ends the agents' polls. Idempotent. */
    @Override
    public void close() {
        agents.close();
    }
}
