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
import ml.helix.wolf.agent.control.WebSocketControlConnection;
import ml.helix.wolf.agent.data.DataPickup;
import ml.helix.wolf.agent.data.Streams;
import ml.helix.wolf.agent.heartbeat.Heartbeats;
import ml.helix.wolf.agent.local.WolfDialer;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.reconnect.ControlConnection;
import ml.helix.wolf.agent.reconnect.ReconnectLoop;
import ml.helix.wolf.agent.reconnect.TokenWatch;
import ml.helix.wolf.agent.report.Identity;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.StatusJson;
import ml.helix.wolf.agent.report.WatchedWolf;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.agent.token.TokenSource;
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
 * The whole agent: keeps one tunnel up, and serves the monitoring port.
 *
 * <p>{@link #start} once, then {@link #stop} to end in order or {@link #close} to end at once; both are idempotent and
 * may be called by any thread.
 */
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(30);

    private final AgentSettings settings;
    private final ScheduledExecutorService timers = Timers.daemon("agent-timers");
    private final Streams streams = new Streams();
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Report report = new Report(InstantSource.system(), registry);
    private final Identity identity;
    private final WatchedWolf wolf;
    private final ReconnectLoop loop;
    private final Optional<Heartbeats> heartbeats;

    private volatile @Nullable MonitoringServer monitoring;

    /** Starts nothing. */
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
        this.loop = new ReconnectLoop(
                settings.url().toString(),
                token -> controlConnection(connector, token.secret()),
                settings.tokens(),
                backoff(),
                RandomGenerator.getDefault(),
                report,
                timers);
        this.heartbeats = settings.registration()
                .map(registration -> new Heartbeats(
                        registration,
                        connector,
                        settings.runnerId(),
                        wolf,
                        () -> loop.tokenInUse().map(RunnerToken::secret),
                        report,
                        timers));
    }

    private Backoff backoff() {
        return new Backoff(settings.reconnect(), RandomGenerator.getDefault());
    }

    private ControlConnection controlConnection(Connector connector, Secret token) {
        var pickup =
                new DataPickup(connector, wolf, settings.allowed(), token, settings.tokens(), streams, report, timers);
        return new WebSocketControlConnection(connector, settings.runnerId(), token, pickup, timers);
    }

    private Page statusPage() {
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
                "Agent {} of {}: control plane {}{}, Wolf at {}",
                identity.version(),
                identity.runnerId(),
                settings.url(),
                settings.proxy().map(proxy -> " through proxy " + proxy).orElse(""),
                settings.local());
        settings.allowed().ifPresent(rules -> LOG.info("Only these requests may reach Wolf: {}", rules));
        settings.warnings().forEach(LOG::warn);
        heartbeats.ifPresent(Heartbeats::start);
        timers.scheduleWithFixedDelay(
                () -> Thread.ofVirtual().name("wolf-probe").start(wolf::probe),
                0,
                PROBE_INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
        loop.start();
        if (settings.tokens() instanceof TokenSource.InFile file) {
            new TokenWatch(file, loop, report, this::backoff, timers, System::nanoTime)
                    .start(check -> Thread.ofVirtual().name("token-watch").start(check));
        }
    }

    /** The monitoring port's address; empty if there is none. */
    public Optional<InetSocketAddress> address() {
        return Optional.ofNullable(monitoring).map(MonitoringServer::address);
    }

    /**
     * Stops in order: refuses new streams, reports that it isn't ready, lets running streams end within the drain time and
     * cuts the rest, then closes the control connection. Returns when all of that is done.
     */
    public void stop() throws InterruptedException {
        loop.drain();
        report.draining();
        LOG.info("Stopping: running streams have {} s to end", settings.drain().toSeconds());
        int left = streams.awaitIdle(settings.drain());
        if (left > 0) {
            LOG.warn("{} streams did not end in time and are cut", left);
        }
        streams.cut();
        loop.stop();
        close();
        LOG.info("Stopped");
    }

    /** Ends everything at once. */
    @Override
    public void close() {
        streams.cut();
        loop.close();
        MonitoringServer server = monitoring;
        if (server != null) {
            server.close();
        }
        timers.shutdownNow();
    }
}
