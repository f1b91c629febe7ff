package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.KubernetesClientBuilder;
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
            LOG.error("the operator cannot start: its libraries are not whole", e);
            return 1;
        }
        new CountDownLatch(1).await();
        return 1;
    }

    private static void start(OperatorSettings settings) throws IOException {
        var registry = new PrometheusRegistry();
        var running = new AtomicReference<@Nullable TunnelOperator>();
        StopSignals.handle(() -> stop(running.get()));
        if (settings.listen().isPresent()) {
            var monitoring =
                    MonitoringServer.start(settings.listen().get(), () -> notReady(running.get()), registry, Map.of());
            LOG.info("serving health and metrics on {}", monitoring.address());
        }
        var client = new KubernetesClientBuilder().build();
        running.set(TunnelOperator.start(client, settings, registry, Main::leaseLost));
        LOG.info(
                "operator {} watches {} of {}",
                Version.text(),
                settings.namespaces().isEmpty() ? "all namespaces" : settings.namespaces(),
                client.getMasterUrl());
    }

    private static Optional<String> notReady(@Nullable TunnelOperator operator) {
        return operator == null ? Optional.of("starting") : operator.notReady();
    }

    private static void stop(@Nullable TunnelOperator operator) {
        LOG.info("stopping");
        if (operator != null) {
            operator.close();
        }
        System.exit(0);
    }

    /** At once: whatever is under way belongs to another replica now. */
    private static void leaseLost() {
        LOG.error("lost the lease: another replica leads; this one ends and starts again");
        Runtime.getRuntime().halt(1);
    }

    private static String causes(Throwable failure) {
        var text = new StringBuilder(String.valueOf(failure.getMessage()));
        for (var cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && text.indexOf(cause.getMessage()) < 0) {
                text.append(": ").append(cause.getMessage());
            }
        }
        return text.toString();
    }
}
