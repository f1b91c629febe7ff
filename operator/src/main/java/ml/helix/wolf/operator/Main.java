package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.MonitoringServer;
import ml.helix.wolf.program.StopSignals;
import ml.helix.wolf.program.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program {@code operator}. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {}

    /** See {@code operator -help}. */
    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> environment = System.getenv();
        System.exit(OperatorSettings.PROGRAM.run(arguments, environment, System.out, System.err, given -> {
            var settings = OperatorSettings.of(given, environment);
            Logs.configure(settings.logs());
            // it only warns that v1alpha1 is not v1
            Logs.silence("io.fabric8.kubernetes.client.dsl.internal.VersionUsageUtils");
            return operate(settings);
        }));
    }

    /** Returns only if the operator can't start: a signal ends the process. */
    private static int operate(OperatorSettings settings) throws InterruptedException {
        try {
            start(settings);
        } catch (IOException | RuntimeException e) {
            LOG.error("the operator cannot start: {}", causes(e));
            LOG.debug("the operator cannot start", e);
            return 1;
        } catch (LinkageError e) {
            LOG.error("the operator cannot start: a library is missing or damaged", e);
            return 1;
        }
        new CountDownLatch(1).await();
        return 1;
    }

    private static void start(OperatorSettings settings) throws IOException {
        var registry = new PrometheusRegistry();
        var running = new AtomicReference<@Nullable WolfTunnelOperator>();
        StopSignals.handle(() -> stop(running.get()));
        if (settings.listen().isPresent()) {
            var monitoring =
                    MonitoringServer.start(settings.listen().get(), () -> notReady(running.get()), registry, Map.of());
            LOG.info("serving health and metrics on {}", monitoring.address());
        }
        var requests = new ApiRequests(registry);
        var client = requireAnswer(ApiClient.of(Config.autoConfigure(null))
                .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("requests", requests))
                .build());
        var operator = WolfTunnelOperator.standBy(client, settings, registry, Main::leaseLost);
        running.set(operator);
        operator.work();
        LOG.info(
                "operator {} watches {} of {}",
                Version.text(),
                settings.namespaces().isEmpty() ? "all namespaces" : settings.namespaces(),
                client.getMasterUrl());
    }

    /** @throws IOException if no API server answers: JOSDK would log forty lines, without the address */
    private static KubernetesClient requireAnswer(KubernetesClient client) throws IOException {
        try {
            client.getKubernetesVersion();
            return client;
        } catch (KubernetesClientException e) {
            throw new IOException(
                    "the Kubernetes API at " + client.getMasterUrl()
                            + " does not answer; outside a cluster, is KUBECONFIG right?",
                    e);
        }
    }

    private static Optional<String> notReady(@Nullable WolfTunnelOperator operator) {
        return operator == null ? Optional.of("starting") : operator.notReady();
    }

    private static void stop(@Nullable WolfTunnelOperator operator) {
        LOG.info("stopping");
        if (operator != null) {
            operator.close();
        }
        System.exit(0);
    }

    /** Halts at once: another replica may work by now. */
    private static void leaseLost() {
        LOG.error("this replica lost the Lease and must not work any more: it exits so that it is started again");
        Runtime.getRuntime().halt(1);
    }

    private static String causes(Throwable failure) {
        var text = new StringBuilder(String.valueOf(failure.getMessage()));
        for (var cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            var message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            if (text.indexOf(message) < 0) {
                text.append(": ").append(message);
            }
        }
        return text.toString();
    }
}
