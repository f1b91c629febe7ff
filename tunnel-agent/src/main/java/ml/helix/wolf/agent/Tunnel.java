package ml.helix.wolf.agent;

import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;
import ml.helix.wolf.agent.control.WebSocketControlConnection;
import ml.helix.wolf.agent.data.DataPickup;
import ml.helix.wolf.agent.data.Streams;
import ml.helix.wolf.agent.heartbeat.Heartbeats;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.reconnect.ControlConnection;
import ml.helix.wolf.agent.reconnect.ReconnectLoop;
import ml.helix.wolf.agent.reconnect.TokenWatch;
import ml.helix.wolf.agent.report.ControlPlaneReport;
import ml.helix.wolf.agent.report.Report;
import ml.helix.wolf.agent.report.WatchedWolf;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Destination;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.program.Secret;

/**
 * The tunnel to one control plane: its control connection, heartbeats, and the watch for a new token. Tunnels to several
 * control planes share Wolf and the streams' limits, and nothing that one of them could hold up: each has its own wait for the
 * next attempt, and its own threads that look up names.
 *
 * <p>{@link #start} once, then {@link #drain}, {@link #stop} or {@link #close}. Thread-safe.
 */
final class Tunnel {
    private final AgentSettings settings;
    private final Connector connector;
    private final WatchedWolf wolf;
    private final Streams streams;
    private final Report agent;
    private final ControlPlaneReport report;
    private final ScheduledExecutorService timers;
    private final ReconnectLoop loop;

    /**
     * @param agent counts the streams
     * @param report of this control plane
     */
    Tunnel(
            AgentSettings settings,
            Destination controlPlane,
            Tls tls,
            WatchedWolf wolf,
            Streams streams,
            Report agent,
            ControlPlaneReport report,
            ScheduledExecutorService timers) {
        this.settings = settings;
        this.connector = new Connector(controlPlane.url(), controlPlane.proxy(), tls, new Resolver());
        this.wolf = wolf;
        this.streams = streams;
        this.agent = agent;
        this.report = report;
        this.timers = timers;
        this.loop = new ReconnectLoop(
                token -> controlConnection(token.secret()),
                settings.tokens(),
                backoff(),
                RandomGenerator.getDefault(),
                report,
                timers);
    }

    private Backoff backoff() {
        return new Backoff(settings.reconnect(), RandomGenerator.getDefault());
    }

    private ControlConnection controlConnection(Secret token) {
        var pickup =
                new DataPickup(connector, wolf, settings.allowed(), token, settings.tokens(), streams, agent, timers);
        return new WebSocketControlConnection(connector, settings.runnerId(), token, pickup, timers);
    }

    void start() {
        settings.registration().ifPresent(registration -> new Heartbeats(
                        registration, connector, settings.runnerId(), wolf, this::tokenInUse, report, timers)
                .start());
        loop.start();
        if (settings.tokens() instanceof TokenSource.InFile file) {
            new TokenWatch(file, loop, report, this::backoff, timers, System::nanoTime)
                    .start(check -> Thread.ofVirtual().name("token-watch").start(check));
        }
    }

    private Optional<Secret> tokenInUse() {
        return loop.tokenInUse().map(RunnerToken::secret);
    }

    /** Refuses each further stream, and does not reconnect. */
    void drain() {
        loop.drain();
    }

    /** Closes the control connection. Returns when its close handshake is done, or after 10 s. */
    void stop() throws InterruptedException {
        loop.stop();
    }

    /** Closes the control connection, and does not wait. */
    void close() {
        loop.close();
    }
}
