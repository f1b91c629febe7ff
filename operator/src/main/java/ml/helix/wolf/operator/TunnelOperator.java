package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.processing.event.rate.LinearRateLimiter;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.reconcile.Activity;
import ml.helix.wolf.operator.reconcile.TunnelReconciler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator at work on a cluster, from {@link #start} to {@link #close}. With leader election it may stand by for as
 * long as another replica leads; a leader that loses its lease must end at once, so that two never work at the same time.
 */
public final class TunnelOperator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TunnelOperator.class);
    private static final Duration LEASE = Duration.ofSeconds(15);
    private static final Duration RENEWED_WITHIN = Duration.ofSeconds(10);
    private static final Duration RETRIED_EVERY = Duration.ofSeconds(2);
    private static final Duration LOOKED_AT_LEAST_EVERY = Duration.ofMinutes(10);

    private final Operator operator;
    private final TunnelReconciler reconciler;
    private final ScheduledExecutorService timers;

    private final AtomicBoolean closing;

    private TunnelOperator(
            Operator operator, TunnelReconciler reconciler, ScheduledExecutorService timers, AtomicBoolean closing) {
        this.operator = operator;
        this.reconciler = reconciler;
        this.timers = timers;
        this.closing = closing;
    }

    /**
     * Returns once the caches are filled.
     *
     * @param client is not closed by this
     * @param leaseLost ends the process; called where another replica may have begun to work
     * @throws io.javaoperatorsdk.operator.OperatorException where the API server can't be reached, or lacks the CRD or a
     *     permission
     */
    public static TunnelOperator start(
            KubernetesClient client, OperatorSettings settings, PrometheusRegistry registry, Runnable leaseLost) {
        var timers = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("agent-polls").daemon().factory());
        var reconciler = new TunnelReconciler(
                client, settings.agentImage(), timers, InstantSource.system(), new Activity(registry));
        var closing = new AtomicBoolean();
        Runnable lost = () -> {
            if (!closing.get()) {
                leaseLost.run();
            }
        };
        var operator = new Operator(configuration -> configure(configuration, client, settings, lost));
        operator.register(reconciler, controller -> configure(controller, settings));
        var started = new TunnelOperator(operator, reconciler, timers, closing);
        try {
            operator.start();
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
        return started;
    }

    private static void configure(
            ConfigurationServiceOverrider configuration,
            KubernetesClient client,
            OperatorSettings settings,
            Runnable leaseLost) {
        configuration
                .withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withCacheSyncTimeout(Duration.ofSeconds(30))
                .withReconciliationTerminationTimeout(Duration.ofSeconds(5));
        if (settings.leaderElection()) {
            configuration.withLeaderElectionConfiguration(
                    LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration("wolf-tunnel-operator")
                            .withLeaseDuration(LEASE)
                            .withRenewDeadline(RENEWED_WITHIN)
                            .withRetryPeriod(RETRIED_EVERY)
                            .withExitOnStopLeading(false)
                            .withLeaderCallbacks(new LeaderCallbacks(
                                    () -> LOG.info("leading"),
                                    leaseLost,
                                    leader -> LOG.info("the leader is {}", leader)))
                            .build());
        }
    }

    private static void configure(ControllerConfigurationOverrider<WolfTunnel> controller, OperatorSettings settings) {
        controller
                .withName("wolftunnel")
                .withRetry(new GenericRetry()
                        .withoutMaxAttempts()
                        .setInitialInterval(1_000)
                        .setIntervalMultiplier(2)
                        .setMaxInterval(30_000))
                .withRateLimiter(new LinearRateLimiter(Duration.ofSeconds(1), 4))
                .withReconciliationMaxInterval(LOOKED_AT_LEAST_EVERY);
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

    /** Stops reconciling, then the polls, then the timers. Idempotent. */
    @Override
    public void close() {
        closing.set(true);
        operator.stop();
        reconciler.close();
        timers.shutdownNow();
    }
}
