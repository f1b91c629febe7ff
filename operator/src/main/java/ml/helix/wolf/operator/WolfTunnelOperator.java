package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.leadership.LeaderElection;
import ml.helix.wolf.operator.reconcile.OperatorMetrics;
import ml.helix.wolf.operator.reconcile.ReconcileRateLimiter;
import ml.helix.wolf.operator.reconcile.WolfTunnelReconciler;
import org.jspecify.annotations.Nullable;

/**
 * The operator at work on a cluster, from {@link #work} to {@link #close}. With leader election it may stand by, its caches
 * filled, for as long as another replica leads; a leader that loses its lease must end at once, so that two never work at
 * the same time. Thread-safe.
 */
public final class WolfTunnelOperator implements AutoCloseable {
    /** A reconciliation waits for the API server at most; tens of threads would only cost memory. */
    private static final int TUNNELS_AT_ONCE = 8;
    /** That are filled at the start. */
    private static final int CACHES_AT_ONCE = 4;

    /** At one tunnel. */
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);
    /** An event, what an agent says to it, and what becomes of that: before a tunnel waits for its next turn. */
    private static final int LOOKS_AT_ONCE = 4;

    private static final Duration LOOKED_AT_LEAST_EVERY = Duration.ofMinutes(10);

    private final KubernetesClient client;
    private final boolean elects;
    private final Runnable leaseLost;
    private final Operator operator;
    private final WolfTunnelReconciler reconciler;
    private final ScheduledExecutorService timers;

    /** Null until it has begun, and without leader election. Guarded by this. */
    private @Nullable LeaderElection election;

    /** Guarded by this. */
    private boolean closing;

    private WolfTunnelOperator(
            KubernetesClient client,
            OperatorSettings settings,
            Operator operator,
            WolfTunnelReconciler reconciler,
            ScheduledExecutorService timers,
            Runnable leaseLost) {
        this.client = client;
        this.elects = settings.leaderElection();
        this.leaseLost = leaseLost;
        this.operator = operator;
        this.reconciler = reconciler;
        this.timers = timers;
    }

    /**
     * Returns once the caches are filled; does nothing then until {@link #work}.
     *
     * @param client an {@link ApiClient}; is not closed by this
     * @param leaseLost ends the process; called where another replica may have begun to work
     * @throws io.javaoperatorsdk.operator.OperatorException where the API server can't be reached, or lacks the CRD or a
     *     permission
     */
    public static WolfTunnelOperator filled(
            KubernetesClient client, OperatorSettings settings, PrometheusRegistry registry, Runnable leaseLost) {
        return filled(
                client,
                settings,
                registry,
                InstantSource.system(),
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("timers").daemon().factory()),
                leaseLost);
    }

    /**
     * The same with other clocks.
     *
     * @param clock for the times in statuses; it may jump
     * @param timers for polls and leases; shut down by {@link #close}
     */
    public static WolfTunnelOperator filled(
            KubernetesClient client,
            OperatorSettings settings,
            PrometheusRegistry registry,
            InstantSource clock,
            ScheduledExecutorService timers,
            Runnable leaseLost) {
        var reconciler = new WolfTunnelReconciler(
                client, settings.agentImage(), home(client, settings), timers, clock, new OperatorMetrics(registry));
        var operator = new Operator(configuration -> configure(configuration, client));
        operator.register(reconciler, controller -> configure(controller, settings));
        var filled = new WolfTunnelOperator(client, settings, operator, reconciler, timers, leaseLost);
        try {
            operator.start();
        } catch (RuntimeException e) {
            filled.close();
            throw e;
        }
        return filled;
    }

    /**
     * Takes part in the election from now on, or works at once without one; called once. Does nothing after {@link #close}:
     * who may be told to stop at any time can so be sure that a Lease it gets is let go.
     *
     * @throws IllegalStateException where the election needs a namespace and the client has none
     */
    public synchronized void work() {
        if (closing) {
            return;
        }
        if (!elects) {
            reconciler.lead();
            return;
        }
        election = LeaderElection.start(client, LeaderElection.NAME, timers, reconciler::lead, () -> {
            reconciler.rest();
            if (!isClosing()) {
                leaseLost.run();
            }
        });
    }

    private synchronized boolean isClosing() {
        return closing;
    }

    /** Where its Lease is; nowhere without leader election. */
    private static Optional<String> home(KubernetesClient client, OperatorSettings settings) {
        return settings.leaderElection()
                ? Optional.ofNullable(client.getConfiguration().getNamespace())
                : Optional.empty();
    }

    private static void configure(ConfigurationServiceOverrider configuration, KubernetesClient client) {
        configuration
                .withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withConcurrentReconciliationThreads(TUNNELS_AT_ONCE)
                .withConcurrentWorkflowExecutorThreads(CACHES_AT_ONCE)
                .withCacheSyncTimeout(Duration.ofSeconds(30))
                .withReconciliationTerminationTimeout(Duration.ofSeconds(5));
    }

    private static void configure(ControllerConfigurationOverrider<WolfTunnel> controller, OperatorSettings settings) {
        controller
                .withName("wolftunnel")
                .withRetry(new GenericRetry()
                        .withoutMaxAttempts()
                        .setInitialInterval(1_000)
                        .setIntervalMultiplier(2)
                        .setMaxInterval(30_000))
                .withRateLimiter(new ReconcileRateLimiter(BETWEEN_LOOKS, LOOKS_AT_ONCE))
                .withReconciliationMaxInterval(LOOKED_AT_LEAST_EVERY)
                // a tunnel whose deletion somebody's finalizer holds has a status, too
                .withTriggerReconcilerOnAllEvents(true);
        if (!settings.namespaces().isEmpty()) {
            controller.settingNamespaces(settings.namespaces());
        }
    }

    /** Why it isn't ready; nothing where it is, be it at work or standing by. */
    public Optional<String> notReady() {
        var info = operator.getRuntimeInfo();
        if (!info.isStarted()) {
            return Optional.of("not started");
        }
        return info.allEventSourcesAreHealthy()
                ? Optional.empty()
                : Optional.of("no connection to the API server for " + info.unhealthyEventSources());
    }

    /** Stops reconciling, then lets the lease go, then ends the polls and the timers. Idempotent. */
    @Override
    public void close() {
        LeaderElection part;
        synchronized (this) {
            closing = true;
            part = election;
        }
        reconciler.rest();
        operator.stop();
        if (part != null) {
            part.close();
        }
        reconciler.close();
        timers.shutdownNow();
    }
}
