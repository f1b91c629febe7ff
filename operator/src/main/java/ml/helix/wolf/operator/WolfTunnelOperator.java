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
 * The operator on a cluster. It stands by with filled caches from {@link #standBy}, works from {@link #work} or, with leader
 * election, from when it leads, and stops with {@link #close}. A leader that loses its Lease must end its process at once, so
 * that two replicas never work at the same time. Thread-safe.
 */
public final class WolfTunnelOperator implements AutoCloseable {
    /** Passes mostly wait for the API server; more threads would only cost memory. */
    private static final int CONCURRENT_PASSES = 8;
    /** Caches that are filled at the same time at the start. */
    private static final int CONCURRENT_CACHE_STARTS = 4;

    /** Between two passes over one WolfTunnel. */
    private static final Duration PASS_INTERVAL = Duration.ofMillis(250);
    /** Enough for an event, an agent's answer to it, and their results, before a WolfTunnel has to wait. */
    private static final int PASSES_AT_ONCE = 4;

    private static final Duration LONGEST_TIME_BETWEEN_PASSES = Duration.ofMinutes(10);

    private final KubernetesClient client;
    private final boolean leaderElection;
    private final Runnable onLeaseLost;
    private final Operator operator;
    private final WolfTunnelReconciler reconciler;
    private final ScheduledExecutorService timers;

    /** Null before {@link #work}, and without leader election. Guarded by this. */
    private @Nullable LeaderElection election;

    /** Guarded by this. */
    private boolean closing;

    private WolfTunnelOperator(
            KubernetesClient client,
            OperatorSettings settings,
            Operator operator,
            WolfTunnelReconciler reconciler,
            ScheduledExecutorService timers,
            Runnable onLeaseLost) {
        this.client = client;
        this.leaderElection = settings.leaderElection();
        this.onLeaseLost = onLeaseLost;
        this.operator = operator;
        this.reconciler = reconciler;
        this.timers = timers;
    }

    /**
     * Fills the caches, and returns when they are full.
     *
     * @param client an {@link ApiClient}; the caller closes it
     * @param onLeaseLost ends the process; called when another replica may have begun to work
     * @throws io.javaoperatorsdk.operator.OperatorException if the API server can't be reached, or lacks the CRD or a
     *     permission
     * @throws java.io.UncheckedIOException if it can't listen for notices
     */
    public static WolfTunnelOperator standBy(
            KubernetesClient client, OperatorSettings settings, PrometheusRegistry registry, Runnable onLeaseLost) {
        return standBy(
                client,
                settings,
                registry,
                InstantSource.system(),
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("timers").daemon().factory()),
                onLeaseLost);
    }

    /**
     * The same with other clocks.
     *
     * @param clock for the times in statuses; it may jump
     * @param timers for polls and the Lease; {@link #close} shuts them down
     */
    public static WolfTunnelOperator standBy(
            KubernetesClient client,
            OperatorSettings settings,
            PrometheusRegistry registry,
            InstantSource clock,
            ScheduledExecutorService timers,
            Runnable onLeaseLost) {
        var reconciler = new WolfTunnelReconciler(
                client,
                settings.agentImage(),
                home(client, settings),
                timers,
                clock,
                new OperatorMetrics(registry),
                settings.notices());
        var operator = new Operator(configuration -> configure(configuration, client, reconciler));
        operator.register(reconciler, controller -> configure(controller, settings));
        var standby = new WolfTunnelOperator(client, settings, operator, reconciler, timers, onLeaseLost);
        try {
            operator.start();
        } catch (RuntimeException e) {
            standby.close();
            throw e;
        }
        return standby;
    }

    /**
     * Joins the election; without leader election, works at once. To be called once. Safe to race with {@link #close}: the Lease
     * is never leaked.
     *
     * @throws IllegalStateException if the election needs a namespace and the client has none
     */
    public synchronized void work() {
        if (closing) {
            return;
        }
        if (!leaderElection) {
            reconciler.startLeading();
            return;
        }
        election = LeaderElection.join(client, timers, reconciler::startLeading, () -> {
            reconciler.stopLeading();
            if (!isClosing()) {
                onLeaseLost.run();
            }
        });
    }

    private synchronized boolean isClosing() {
        return closing;
    }

    /** The namespace of the Lease; empty without leader election. */
    private static Optional<String> home(KubernetesClient client, OperatorSettings settings) {
        return settings.leaderElection()
                ? Optional.ofNullable(client.getConfiguration().getNamespace())
                : Optional.empty();
    }

    private static void configure(
            ConfigurationServiceOverrider configuration, KubernetesClient client, WolfTunnelReconciler reconciler) {
        configuration
                .withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withMetrics(reconciler.afterDeletions())
                .withConcurrentReconciliationThreads(CONCURRENT_PASSES)
                .withConcurrentWorkflowExecutorThreads(CONCURRENT_CACHE_STARTS)
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
                .withRateLimiter(new ReconcileRateLimiter(PASS_INTERVAL, PASSES_AT_ONCE))
                .withReconciliationMaxInterval(LONGEST_TIME_BETWEEN_PASSES)
                // JOSDK's own filter compares generations, also those of two WolfTunnels that had the name one after
                // the other
                .withGenerationAware(false)
                .withOnUpdateFilter(WolfTunnelReconciler::needsPass)
                // a WolfTunnel whose deletion waits for somebody's finalizer has a status too
                .withTriggerReconcilerOnAllEvents(true);
        if (!settings.namespaces().isEmpty()) {
            controller.settingNamespaces(settings.namespaces());
        }
    }

    /** Why the operator isn't ready; empty if it is, whether it works or stands by. */
    public Optional<String> notReady() {
        var info = operator.getRuntimeInfo();
        if (!info.isStarted()) {
            return Optional.of("not started");
        }
        return info.allEventSourcesAreHealthy()
                ? Optional.empty()
                : Optional.of("no connection to the API server for " + info.unhealthyEventSources());
    }

    /** Stops reconciling, then releases the Lease, then ends the polls and the timers. Idempotent. */
    @Override
    public void close() {
        LeaderElection joined;
        synchronized (this) {
            closing = true;
            joined = election;
        }
        reconciler.stopLeading();
        operator.stop();
        if (joined != null) {
            joined.close();
        }
        reconciler.close();
        timers.shutdownNow();
    }
}
