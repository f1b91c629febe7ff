package ml.helix.wolf.agent.report;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.agent.data.StreamMetrics;

/**
 * Collects what {@code /status}, {@code /readyz} and {@code /metrics} report of this agent. Thread-safe; nothing here
 * blocks.
 */
public final class Report implements StreamMetrics {
    private static final String CONTROL_PLANE = "control_plane";

    private final List<ControlPlaneReport> controlPlanes;
    private final Counter streams;
    private final CounterDataPoint bytesToWolf;
    private final CounterDataPoint bytesFromWolf;
    private final Histogram setupSeconds;
    private final AtomicLong streamsActive = new AtomicLong();
    private final AtomicLong streamsTotal = new AtomicLong();
    private volatile Runnable onWolfChange = () -> {};
    private final AtomicReference<WolfView> wolf = new AtomicReference<>(WolfView.UNKNOWN);

    /**
     * @param urls of the control planes
     * @param registry gets the metrics; those of control connections say which control plane only if there are several
     */
    public Report(InstantSource clock, PrometheusRegistry registry, List<String> urls) {
        boolean several = urls.size() > 1;
        Counter connects = Counter.builder()
                .name("wolf_tunnel_connects_total")
                .help("Attempts to open the control connection: success, or the reason why not.")
                .labelNames(several ? new String[] {"result", CONTROL_PLANE} : new String[] {"result"})
                .register(registry);
        this.controlPlanes = urls.stream()
                .map(url -> new ControlPlaneReport(
                        url,
                        clock,
                        result -> several ? connects.labelValues(result, url) : connects.labelValues(result),
                        wolf::get))
                .toList();
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
        gauges(registry, several);
    }

    private void gauges(PrometheusRegistry registry, boolean several) {
        GaugeWithCallback.builder()
                .name("wolf_tunnel_connected")
                .help("1 while the control connection is up.")
                .labelNames(several ? new String[] {CONTROL_PLANE} : new String[0])
                .callback(sample -> controlPlanes.forEach(one -> sample.call(
                        one.status().state() == State.CONNECTED ? 1 : 0,
                        several ? new String[] {one.url()} : new String[0])))
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
        GaugeWithCallback.builder()
                .name("wolf_tunnel_wolf_healthy")
                .help("1 if Wolf gave a sane answer to the last probe, else 0. Absent while Wolf is not reachable.")
                .callback(sample -> wolf.get().healthy().ifPresent(yes -> sample.call(yes ? 1 : 0)))
                .register(registry);
    }

    /** @param listener called when Wolf's reachability or health has changed; must not block */
    public void onWolfChange(Runnable listener) {
        onWolfChange = listener;
    }

    /** In the order of the URLs. */
    public List<ControlPlaneReport> controlPlanes() {
        return controlPlanes;
    }

    /** The agent is stopping. No other state follows. */
    public void draining() {
        controlPlanes.forEach(ControlPlaneReport::draining);
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
            controlPlanes.forEach(ControlPlaneReport::changed);
            onWolfChange.run();
        }
        return wolfHasChanged;
    }

    @Override
    public void pickedUp(Duration setup) {
        setupSeconds.observe(setup.toNanos() / 1e9);
    }

    @Override
    public void began() {
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

    /** Why the agent isn't ready; empty while a control connection is up. */
    public Optional<String> notReady() {
        return status().notReady();
    }

    public Status status() {
        return new Status(
                controlPlanes.stream().map(ControlPlaneReport::status).toList(),
                wolf.get(),
                streamsActive.get(),
                streamsTotal.get(),
                bytesToWolf.getLongValue(),
                bytesFromWolf.getLongValue());
    }
}
