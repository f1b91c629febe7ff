package ml.helix.wolf.agent;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import ml.helix.wolf.agent.data.Streams;
import ml.helix.wolf.agent.local.WolfDialer;
import ml.helix.wolf.agent.local.WolfWait;
import ml.helix.wolf.agent.notice.OperatorNotices;
import ml.helix.wolf.agent.report.Identity;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.StatusJson;
import ml.helix.wolf.agent.report.WatchedWolf;
import ml.helix.wolf.agent.transport.Destination;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.program.MonitoringServer;
import ml.helix.wolf.program.MonitoringServer.Page;
import ml.helix.wolf.program.MonitoringServer.Request;
import ml.helix.wolf.program.Version;
import ml.helix.wolf.revdial.Timers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole agent: keeps a tunnel to each control plane up, and serves the monitoring port.
 *
 * <p>{@link #start} once, then {@link #stop} to end in order or {@link #close} to end at once; both are idempotent and
 * may be called by any thread.
 */
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(30);
    private static final Duration HEAP_INTERVAL = Duration.ofSeconds(20);

    private final AgentSettings settings;
    private final ScheduledExecutorService timers = Timers.daemon("agent-timers");
    private final Streams streams = new Streams();
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Report report;
    private final Identity identity;
    private final WatchedWolf wolf;
    private final OperatorNotices notices;
    private final List<Tunnel> tunnels = new ArrayList<>();

    private volatile @Nullable MonitoringServer monitoring;

    /** Starts nothing. */
    public Agent(AgentSettings settings) {
        this.settings = settings;
        this.identity = new Identity(
                settings.wolfId(), settings.runnerId(), settings.local().toString(), Version.text());
        List<Destination> controlPlanes = settings.controlPlanes();
        this.report = new Report(
                InstantSource.system(),
                registry,
                controlPlanes.stream().map(one -> one.url().toString()).toList());
        this.wolf = new WatchedWolf(
                new WolfDialer(settings.local(), new Resolver(), timers),
                settings.local().toString(),
                report,
                timers);
        this.notices = new OperatorNotices(timers);
        report.onWolfChange(notices::changed);
        var tls = new Tls(settings.trust());
        for (int i = 0; i < controlPlanes.size(); i++) {
            tunnels.add(new Tunnel(
                    settings,
                    controlPlanes.get(i),
                    tls,
                    wolf,
                    streams,
                    report,
                    report.controlPlanes().get(i),
                    timers));
        }
    }

    private Page statusPage(Request request) {
        request.header(OperatorNotices.HEADER).ifPresent(to -> notices.askedBy(request.caller(), to));
        wolf.refresh();
        return Page.json(StatusJson.write(identity, settings.warnings(), report.status()));
    }

    /** @throws IOException if the monitoring port can't be bound */
    public void start() throws IOException {
        if (settings.listen().isPresent()) {
            monitoring = MonitoringServer.start(
                    settings.listen().get(), report::notReady, registry, Map.of("/status", this::statusPage));
        }
        LOG.info(
                "Agent {} of {}: control plane {}, Wolf at {}",
                identity.version(),
                identity.runnerId(),
                settings.controlPlanes().stream().map(Destination::toString).collect(Collectors.joining(", ")),
                settings.local());
        settings.allowed().ifPresent(rules -> LOG.info("Only these requests may reach Wolf: {}", rules));
        settings.warnings().forEach(LOG::warn);
        timers.scheduleWithFixedDelay(
                () -> Thread.ofVirtual().name("wolf-probe").start(wolf::probe),
                0,
                PROBE_INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
        timers.scheduleWithFixedDelay(
                this::giveHeapBack, HEAP_INTERVAL.toMillis(), HEAP_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        notices.start(wolf::check);
        new WolfWait(wolf, timers, System::nanoTime).start(settings.wolfWait(), () -> tunnels.forEach(Tunnel::start));
    }

    /** The heap shrinks in full collections only, and an agent whose streams are over has none. */
    private void giveHeapBack() {
        if (streams.haveFallen()) {
            System.gc();
        }
    }

    /** The monitoring port's address; empty if there is none. */
    public Optional<InetSocketAddress> address() {
        return Optional.ofNullable(monitoring).map(MonitoringServer::address);
    }

    /**
     * Stops in order: refuses new streams, reports that it isn't ready, lets running streams end within the drain time and
     * cuts the rest, then closes the control connections. Returns when all of that is done.
     */
    public void stop() throws InterruptedException {
        tunnels.forEach(Tunnel::drain);
        streams.drain();
        report.draining();
        LOG.info("Stopping: running streams have {} s to end", settings.drain().toSeconds());
        int left = streams.awaitIdle(settings.drain());
        if (left > 0) {
            LOG.warn("{} streams did not end in time and are cut", left);
        }
        streams.cut();
        stopTunnels();
        close();
        LOG.info("Stopped");
    }

    /** All at the same time, because a control plane may take its whole 10 s. */
    private void stopTunnels() throws InterruptedException {
        List<Thread> stopping = tunnels.stream()
                .map(tunnel -> Thread.ofVirtual().name("stop-tunnel").start(() -> {
                    try {
                        tunnel.stop();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }))
                .toList();
        for (Thread thread : stopping) {
            thread.join();
        }
    }

    /** Ends everything at once. */
    @Override
    public void close() {
        streams.cut();
        tunnels.forEach(Tunnel::close);
        MonitoringServer server = monitoring;
        if (server != null) {
            server.close();
        }
        timers.shutdownNow();
    }
}
