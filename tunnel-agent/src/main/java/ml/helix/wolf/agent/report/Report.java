package ml.helix.wolf.agent.report;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.agent.data.StreamMetrics;
import ml.helix.wolf.agent.failure.TunnelException;

/**
 * Collects what {@code /status}, {@code /readyz} and {@code /metrics} report of this agent. Thread-safe; nothing here
 * blocks.
 */
public final class Report implements StreamMetrics {
    private final InstantSource clock;
    private final Counter connects;
    private final CounterDataPoint connected;
    private final Counter streams;
    private final CounterDataPoint bytesToWolf;
    private final CounterDataPoint bytesFromWolf;
    private final Histogram setupSeconds;
    private final AtomicLong streamsActive = new AtomicLong();
    private final AtomicLong streamsTotal = new AtomicLong();
    private final AtomicReference<Connection> connection;
    private final AtomicReference<WolfView> wolf = new AtomicReference<>(WolfView.UNKNOWN);

    private final AtomicReference<Optional<Status.Token>> token = new AtomicReference<>(Optional.empty());

    private volatile Runnable onChange = () -> {};

    /** The control connection's part of the status. */
    private record Connection(State state, Instant since, Optional<Status.LastError> lastError) {}

    /** @param registry gets the metrics */
    public Report(InstantSource clock, PrometheusRegistry registry) {
        this.clock = clock;
        this.connection = new AtomicReference<>(new Connection(State.CONNECTING, clock.instant(), Optional.empty()));
        this.connects = Counter.builder()
                .name("wolf_tunnel_connects_total")
                .help("Attempts to open the control connection: success, or the reason why not.")
                .labelNames("result")
                .register(registry);
        this.connected = connects.labelValues("success");
        this.streams = Counter.builder()
                .name("wolf_tunnel_streams_total")
                .help("Streams asked for: success, broken by an error, not_allowed, or pickup_failed.")
                .labelNames("result")
                .register(registry);
        streams.initLabelValues("success");
        streams.initLabelValues("broken");
        streams.initLabelValues("pickup_failed");
        Counter bytes = Counter.builder()
                .name("wolf_tunnel_bytes_total")
                .help("Bytes carried by streams.")
                .labelNames("direction")
                .register(registry);
        this.bytesToWolf = bytes.labelValues("to_wolf");
        this.bytesFromWolf = bytes.labelValues("from_wolf");
        this.setupSeconds = Histogram.builder()
                .name("wolf_tunnel_stream_setup_seconds")
                .help("From a conn-ready to the stream that it asked for.")
                .classicOnly()
                .classicUpperBounds(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
                .register(registry);
        gauges(registry);
    }

    private void gauges(PrometheusRegistry registry) {
        GaugeWithCallback.builder()
                .name("wolf_tunnel_connected")
                .help("1 while the control connection is up.")
                .callback(sample -> sample.call(connection.get().state() == State.CONNECTED ? 1 : 0))
                .register(registry);
        GaugeWithCallback.builder()
                .name("wolf_tunnel_streams_active")
                .help("Streams that run now.")
                .callback(sample -> sample.call(streamsActive.get()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("wolf_tunnel_wolf_reachable")
                .help("1 if the last dial or probe reached Wolf's API, else 0. Absent before the first.")
                .callback(sample -> wolf.get().reachable().ifPresent(yes -> sample.call(yes ? 1 : 0)))
                .register(registry);
    }

    /** @param listener called when a control connection has come up or Wolf's reachability or health has changed; must not block */
    public void onChange(Runnable listener) {
        onChange = listener;
    }

    /** The control connection is up. */
    public void connected() {
        connected.inc();
        enter(State.CONNECTED, Optional.empty());
        onChange.run();
    }

    /** The control connection could not be opened. */
    public void connectFailed(TunnelException why) {
        replacementFailed(why);
        lost(why);
    }

    /** A second control connection could not be opened; the current one is still up. */
    public void replacementFailed(TunnelException why) {
        connects.labelValues(why.reason().word()).inc();
    }

    /**
     * The token that the control connection uses.
     *
     * @param since the token file's time of change; empty for a token given by value
     */
    public void tokenInUse(Optional<Instant> since) {
        token.set(since.map(at -> new Status.Token(at, false)));
    }

    /** Whether the token file has a newer token that the control plane refuses. */
    public void newerTokenRefused(boolean refused) {
        token.updateAndGet(now -> now.map(used -> new Status.Token(used.changedAt(), refused)));
    }

    /** The control connection was up and has ended. */
    public void lost(TunnelException why) {
        String message = String.valueOf(why.getMessage());
        enter(State.DISCONNECTED, Optional.of(new Status.LastError(why.reason().word(), message, clock.instant())));
    }

    /** The agent is stopping. No other state follows. */
    public void draining() {
        enter(State.DRAINING, Optional.empty());
    }

    private void enter(State next, Optional<Status.LastError> error) {
        connection.updateAndGet(now -> {
            State state = now.state() == State.DRAINING ? State.DRAINING : next;
            Instant since = state == now.state() ? now.since() : clock.instant();
            return new Connection(state, since, error.or(now::lastError));
        });
    }

    /** Wolf accepted a connection. Returns whether that is a change. */
    public boolean wolfReached() {
        return changed(!wolf.getAndUpdate(WolfView::reached).reachable().equals(Optional.of(true)));
    }

    /** A dial to Wolf failed. Returns whether that is a change. */
    public boolean wolfUnreachable(String why) {
        return changed(!wolf.getAndSet(WolfView.unreachable(why)).reachable().equals(Optional.of(false)));
    }

    /**
     * A probe's request to Wolf is done. Returns whether its outcome is a change.
     *
     * @param problem empty if Wolf gave a sane answer
     */
    public boolean wolfAnswered(Optional<String> problem) {
        return changed(!wolf.getAndSet(WolfView.answered(problem)).healthy().equals(Optional.of(problem.isEmpty())));
    }

    private boolean changed(boolean wolfHasChanged) {
        if (wolfHasChanged) {
            onChange.run();
        }
        return wolfHasChanged;
    }

    @Override
    public void opened(Duration setup) {
        setupSeconds.observe(setup.toNanos() / 1e9);
        streamsTotal.incrementAndGet();
        streamsActive.incrementAndGet();
    }

    @Override
    public void ended(Result result) {
        streams.labelValues(result.label()).inc();
        streamsActive.decrementAndGet();
    }

    @Override
    public void pickupFailed() {
        streams.labelValues("pickup_failed").inc();
    }

    @Override
    public void toWolf(long bytes) {
        bytesToWolf.inc(bytes);
    }

    @Override
    public void fromWolf(long bytes) {
        bytesFromWolf.inc(bytes);
    }

    /** Why the agent isn't ready; empty while the control connection is up. */
    public Optional<String> notReady() {
        Connection now = connection.get();
        return switch (now.state()) {
            case CONNECTED -> Optional.empty();
            case CONNECTING, DRAINING -> Optional.of(now.state().word());
            case DISCONNECTED ->
                Optional.of(now.state().word()
                        + now.lastError()
                                .map(error -> ": " + error.reason() + ": " + error.message())
                                .orElse(""));
        };
    }

    public Status status() {
        Connection now = connection.get();
        return new Status(
                now.state(),
                now.since(),
                wolf.get(),
                connected.getLongValue(),
                streamsActive.get(),
                streamsTotal.get(),
                bytesToWolf.getLongValue(),
                bytesFromWolf.getLongValue(),
                now.lastError(),
                token.get());
    }
}
