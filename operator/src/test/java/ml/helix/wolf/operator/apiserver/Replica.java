package ml.helix.wolf.operator.apiserver;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.operator.ApiClient;
import ml.helix.wolf.operator.OperatorSettings;
import ml.helix.wolf.operator.WolfTunnelOperator;
import ml.helix.wolf.program.LogSettings;

/** An operator with a client and a User-Agent of its own, by which the audit log tells its requests. */
final class Replica implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** Its settings. */
    record Setup(
            Config config,
            String image,
            Set<String> namespaces,
            boolean leaderElection,
            InstantSource clock,
            ScheduledExecutorService timers,
            Optional<InetSocketAddress> notices) {
        static Setup of(Config config, String namespace) {
            return new Setup(
                    config,
                    "agent:1",
                    Set.of(namespace),
                    false,
                    InstantSource.system(),
                    Executors.newSingleThreadScheduledExecutor(
                            Thread.ofPlatform().name("timers").daemon().factory()),
                    Optional.empty());
        }

        Setup image(String name) {
            return new Setup(config, name, namespaces, leaderElection, clock, timers, notices);
        }

        Setup electing() {
            return new Setup(config, image, namespaces, true, clock, timers, notices);
        }

        Setup watching(Set<String> others) {
            return new Setup(config, image, others, leaderElection, clock, timers, notices);
        }

        Setup clock(InstantSource other) {
            return new Setup(config, image, namespaces, leaderElection, other, timers, notices);
        }

        /** Polls ten times as often. */
        Setup pollingFast() {
            return timers(new FastTimers());
        }

        Setup timers(ScheduledExecutorService other) {
            timers.shutdownNow();
            return new Setup(config, image, namespaces, leaderElection, clock, other, notices);
        }

        Setup takingNoticesAt(InetSocketAddress address) {
            return new Setup(config, image, namespaces, leaderElection, clock, timers, Optional.of(address));
        }
    }

    final String agent = "replica-" + NUMBER.incrementAndGet();
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final KubernetesClient client;
    private final WolfTunnelOperator operator;

    Replica(Setup setup) {
        this(setup, () -> {});
    }

    /** @param onLeaseLost called when it loses the Lease, instead of ending the process */
    Replica(Setup setup, Runnable onLeaseLost) {
        client = ApiClient.of(
                        new ConfigBuilder(setup.config()).withUserAgent(agent).build())
                .build();
        operator = WolfTunnelOperator.standBy(
                client,
                new OperatorSettings(
                        setup.image(),
                        setup.namespaces(),
                        setup.leaderElection(),
                        Optional.empty(),
                        setup.notices(),
                        LogSettings.DEFAULT),
                registry,
                setup.clock(),
                setup.timers(),
                onLeaseLost);
        operator.work();
    }

    Optional<String> notReady() {
        return operator.notReady();
    }

    boolean leads() {
        return metrics("wolf_operator_leading")
                .flatMap(metric -> ((GaugeSnapshot) metric).getDataPoints().stream())
                .anyMatch(point -> point.getValue() == 1);
    }

    /** How many passes have compared a status, whether they wrote it or not. */
    double passes() {
        return count("true") + count("false");
    }

    double statusWrites() {
        return count("true");
    }

    /** How many passes the API server has made fail. */
    double failedPasses() {
        return count("wolf_operator_passes", "result", "failed");
    }

    private double count(String written) {
        return count("wolf_operator_statuses", "written", written);
    }

    private double count(String counter, String label, String value) {
        return metrics(counter)
                .flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .filter(point -> value.equals(point.getLabels().get(label)))
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                .sum();
    }

    private Stream<MetricSnapshot> metrics(String name) {
        return registry.scrape().stream()
                .filter(metric -> metric.getMetadata().getName().equals(name));
    }

    /** Its gauges with this prefix, each as a line of {@code /metrics} with its labels in order. */
    List<String> gauges(String prefix) {
        return registry.scrape().stream()
                .filter(metric -> metric.getMetadata().getName().startsWith(prefix))
                .flatMap(metric -> ((GaugeSnapshot) metric)
                        .getDataPoints().stream()
                                .map(point -> metric.getMetadata().getName() + labels(point.getLabels()) + " "
                                        + (long) point.getValue()))
                .toList();
    }

    private static String labels(Labels labels) {
        return labels.stream()
                .map(label -> label.getName() + "=\"" + label.getValue() + "\"")
                .sorted()
                .collect(Collectors.joining(",", "{", "}"));
    }

    /** Its requests, without those for the Lease and the Events that it writes. */
    List<AuditedRequest> requests(RealApiServer.Running server) {
        return server.audited().stream()
                .filter(request -> request.agent().equals(agent))
                .filter(request -> !request.isOfLease() && !request.writesEvent())
                .toList();
    }

    List<AuditedRequest> writes(RealApiServer.Running server) {
        return requests(server).stream().filter(AuditedRequest::isWrite).toList();
    }

    @Override
    public void close() {
        operator.close();
        client.close();
    }
}
