package ml.helix.wolf.agent;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.control.ControlConnection;
import ml.helix.wolf.agent.control.Link;
import ml.helix.wolf.agent.control.TokenSource;
import ml.helix.wolf.agent.data.DataPickup;
import ml.helix.wolf.agent.data.Streams;
import ml.helix.wolf.agent.local.WolfDialer;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.report.Identity;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.StatusJson;
import ml.helix.wolf.agent.report.WatchedWolf;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.program.MonitoringServer;
import ml.helix.wolf.program.MonitoringServer.Page;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Version;
import ml.helix.wolf.revdial.Timers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole agent: a tunnel that is kept up, and the pages that tell of it.
 *
 * <p>{@link #start} once, then {@link #stop} for an orderly end or {@link #close} for one at once; both are idempotent
 * and may come from any thread.
 */
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration PROBE = Duration.ofSeconds(30);

    private final AgentSettings settings;
    private final ScheduledExecutorService timers = Timers.daemon("agent-timers");
    private final Streams streams = new Streams();
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Report report = new Report(InstantSource.system(), registry);
    private final Identity identity;
    private final WatchedWolf wolf;
    private final Tunnel tunnel;

    private volatile @Nullable MonitoringServer monitoring;

    /** Made, not started. */
    public Agent(AgentSettings settings) {
        this.settings = settings;
        this.identity = new Identity(
                settings.wolfId(),
                settings.runnerId(),
                settings.url().toString(),
                settings.local().toString(),
                Version.text());
        var resolver = new Resolver();
        this.wolf = new WatchedWolf(
                new WolfDialer(settings.local(), resolver, timers),
                settings.local().toString(),
                report,
                timers);
        var connector = new Connector(settings.url(), settings.proxy(), new Tls(settings.trust()), resolver);
        this.tunnel = new Tunnel(
                settings.url().toString(),
                token -> link(connector, token.secret()),
                settings.tokens(),
                new Backoff(settings.reconnect(), RandomGenerator.getDefault()),
                report,
                timers);
    }

    private Page statusPage() {
        wolf.lookAgain();
        return Page.json(StatusJson.write(identity, settings.warnings(), report.status()));
    }

    private Link link(Connector connector, Secret token) {
        var pickup = new DataPickup(connector, wolf, token, settings.tokens(), streams, report, timers);
        return new ControlConnection(connector, settings.runnerId(), token, pickup, timers);
    }

    /** @throws IOException where the address of the pages can't be bound */
    public void start() throws IOException {
        if (settings.listen().isPresent()) {
            monitoring = MonitoringServer.start(
                    settings.listen().get(), report::notReady, registry, Map.of("/status", this::statusPage));
        }
        LOG.info(
                "Agent {} of {}: control plane {}{}, Wolf at {}",
                identity.version(),
                identity.runnerId(),
                settings.url(),
                settings.proxy().map(proxy -> " through proxy " + proxy).orElse(""),
                settings.local());
        settings.warnings().forEach(LOG::warn);
        timers.scheduleWithFixedDelay(
                () -> Thread.ofVirtual().name("probe").start(wolf::probe), 0, PROBE.toMillis(), TimeUnit.MILLISECONDS);
        tunnel.start();
        if (settings.tokens() instanceof TokenSource.InFile file) {
            new TokenWatch(
                            file,
                            tunnel,
                            report,
                            () -> new Backoff(settings.reconnect(), RandomGenerator.getDefault()),
                            timers,
                            System::nanoTime)
                    .start(look -> Thread.ofVirtual().name("token-watch").start(look));
        }
    }

    /** Where the pages are served. */
    public Optional<InetSocketAddress> address() {
        return Optional.ofNullable(monitoring).map(MonitoringServer::address);
    }

    /**
     * Stops in order: no new streams, not ready, running ones end or are cut after the drain time, the control
     * connection says goodbye. Returns when all of that is done.
     */
    public void stop() throws InterruptedException {
        tunnel.drain();
        report.draining();
        LOG.info("Stopping: running streams have {} s to end", settings.drain().toSeconds());
        int left = streams.awaitIdle(settings.drain());
        if (left > 0) {
            LOG.warn("{} streams did not end in time and are cut", left);
        }
        streams.cut();
        tunnel.stop();
        close();
        LOG.info("Stopped");
    }

    /** Ends everything at once. */
    @Override
    public void close() {
        streams.cut();
        tunnel.close();
        MonitoringServer pages = monitoring;
        if (pages != null) {
            pages.close();
        }
        timers.shutdownNow();
    }
}
