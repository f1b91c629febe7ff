package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.MonitoringServer;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import ml.helix.wolf.program.Version;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program: exit status 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {}

    public static void main(String[] args) {
        var environment = System.getenv();
        var settings = Settings.read(OperatorSettings.PROGRAM, args, environment);
        if (settings.helpWanted()) {
            System.out.print(OperatorSettings.PROGRAM.usage());
            return;
        }
        if (settings.command().equals("version")) {
            System.out.println(Version.text());
            return;
        }
        try {
            run(OperatorSettings.of(settings, environment));
        } catch (UsageException e) {
            System.err.print(e.report(OperatorSettings.PROGRAM));
            System.exit(2);
        } catch (IOException | RuntimeException e) {
            LOG.error("the operator cannot start: {}", causes(e));
            LOG.debug("the operator cannot start", e);
            System.exit(1);
        } catch (InterruptedException e) {
            System.exit(1);
        }
    }

    private static void run(OperatorSettings settings) throws IOException, InterruptedException {
        Logs.configure(settings.logLevel(), settings.logFormat());
        var registry = new PrometheusRegistry();
        var running = new AtomicReference<Optional<TunnelOperator>>(Optional.empty());
        var stop = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    stop.countDown();
                    awaitQuietly(stopped);
                }));
        var monitoring = monitoring(settings, running, registry);
        try (KubernetesClient client = new KubernetesClientBuilder().build();
                var operator = TunnelOperator.start(client, settings, registry)) {
            running.set(Optional.of(operator));
            LOG.info(
                    "operator {} watches {} of {}",
                    Version.text(),
                    settings.namespaces().isEmpty() ? "all namespaces" : settings.namespaces(),
                    client.getMasterUrl());
            stop.await();
            LOG.info("stopping");
        } finally {
            monitoring.ifPresent(MonitoringServer::close);
            stopped.countDown();
        }
    }

    private static Optional<MonitoringServer> monitoring(
            OperatorSettings settings, AtomicReference<Optional<TunnelOperator>> running, PrometheusRegistry registry)
            throws IOException {
        if (settings.listen().isEmpty()) {
            return Optional.empty();
        }
        var server = MonitoringServer.start(
                settings.listen().get(),
                () -> running.get().map(TunnelOperator::notReady).orElse(Optional.of("starting")),
                registry,
                Map.of());
        LOG.info("serving health and metrics on {}", server.address());
        return Optional.of(server);
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

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            if (!latch.await(10, TimeUnit.SECONDS)) {
                LOG.warn("did not stop within 10 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
