package ml.helix.wolf.agent.report;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import ml.helix.wolf.agent.failure.TunnelException;

/** The part of a {@link Report} about the tunnel to one control plane. Thread-safe; nothing here blocks. */
public final class ControlPlaneReport {
    private final String url;
    private final InstantSource clock;
    private final Function<String, CounterDataPoint> connects;
    private final Supplier<WolfView> wolf;
    private final CounterDataPoint connected;
    private final AtomicReference<Connection> connection;
    private final AtomicReference<Optional<Status.Token>> token = new AtomicReference<>(Optional.empty());

    private volatile Runnable onChange = () -> {};

    private record Connection(State state, Instant since, Optional<Status.LastError> lastError) {}

    /** @param connects the counter of the attempts with this result */
    ControlPlaneReport(
            String url, InstantSource clock, Function<String, CounterDataPoint> connects, Supplier<WolfView> wolf) {
        this.url = url;
        this.clock = clock;
        this.connects = connects;
        this.wolf = wolf;
        this.connected = connects.apply("success");
        this.connection = new AtomicReference<>(new Connection(State.CONNECTING, clock.instant(), Optional.empty()));
    }

    /** The control plane's. */
    public String url() {
        return url;
    }

    /** @param listener called when a control connection has come up or Wolf's reachability or health has changed; must not block */
    public void onChange(Runnable listener) {
        onChange = listener;
    }

    void changed() {
        onChange.run();
    }

    /** What is known of Wolf, which is the same for all control planes. */
    public WolfView wolf() {
        return wolf.get();
    }

    /** The control connection is up. */
    public void connected() {
        connected.inc();
        enter(State.CONNECTED, Optional.empty());
        changed();
    }

    /** How many control connections have come up. */
    public long connects() {
        return connected.getLongValue();
    }

    /** The control connection could not be opened. */
    public void connectFailed(TunnelException why) {
        replacementFailed(why);
        lost(why);
    }

    /** A second control connection could not be opened; the current one is still up. */
    public void replacementFailed(TunnelException why) {
        connects.apply(why.reason().word()).inc();
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
    void draining() {
        enter(State.DRAINING, Optional.empty());
    }

    private void enter(State next, Optional<Status.LastError> error) {
        connection.updateAndGet(now -> {
            State state = now.state() == State.DRAINING ? State.DRAINING : next;
            Instant since = state == now.state() ? now.since() : clock.instant();
            return new Connection(state, since, error.or(now::lastError));
        });
    }

    Status.ControlPlane status() {
        Connection now = connection.get();
        return new Status.ControlPlane(url, now.state(), now.since(), connects(), now.lastError(), token.get());
    }
}
