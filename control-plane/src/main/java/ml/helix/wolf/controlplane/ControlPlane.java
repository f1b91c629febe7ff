package ml.helix.wolf.controlplane;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.auth.AdminRules;
import ml.helix.wolf.controlplane.auth.Refusals;
import ml.helix.wolf.controlplane.auth.RunnerAccess;
import ml.helix.wolf.controlplane.dialing.DialMetrics;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.dialing.LocalDialing;
import ml.helix.wolf.controlplane.dialing.MeteredDialing;
import ml.helix.wolf.controlplane.forward.Forward;
import ml.helix.wolf.controlplane.forward.ForwardListener;
import ml.helix.wolf.controlplane.http.Router;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.controlplane.http.WebServer;
import ml.helix.wolf.controlplane.proxy.ProxyHandler;
import ml.helix.wolf.controlplane.revdial.RevDialHandler;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.Timers;
import org.eclipse.jetty.http.HttpStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control plane: agents connect to it, callers reach their Wolfs through it. Runs from {@link #start} on until
 * {@link #close}. Thread safe.
 */
public final class ControlPlane implements AutoCloseable {
    /** What agents get to answer the close frame of a control plane that stops. */
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);

    private final ScheduledExecutorService timers;
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ConnectionManager connections;
    private final RevDialHandler revdial;
    private final WebServer server;
    private final List<ForwardListener> forwards = new ArrayList<>();
    private volatile boolean stopping;

    private ControlPlane(ControlPlaneSettings settings, ScheduledExecutorService timers) throws IOException {
        this.timers = timers;
        connections = new ConnectionManager(settings.gracePeriod(), settings.dialTimeout(), timers, System::nanoTime);
        var refusals = new Refusals(registry);
        var admin = new AdminAccess(settings.adminTokens(), System::nanoTime);
        var runners = new RunnerAccess(settings.runnerTokens(), admin, refusals, System::nanoTime);
        revdial = new RevDialHandler(runners, connections, timers, System::nanoTime);
        Dialing dialing = new MeteredDialing(
                new LocalDialing(connections), new DialMetrics(registry, connections::stats), System::nanoTime);
        try {
            for (Forward forward : settings.forwards()) {
                forwards.add(ForwardListener.open(forward, dialing));
            }
            // The last: whoever finds /readyz at 200 finds the forwards too.
            server = WebServer.start(
                    settings.listen(),
                    fields -> admin.find(fields).isPresent()
                            || runners.find(fields).isPresent(),
                    new Router(Routes.of(
                            new AdminRules(admin, refusals),
                            this::readiness,
                            this::metrics,
                            connections::stats,
                            revdial,
                            new ProxyHandler(dialing, admin))));
        } catch (IOException e) {
            forwards.forEach(ForwardListener::close);
            throw e;
        }
    }

    /** @throws IOException where an address can't be bound; nothing is left running then */
    public static ControlPlane start(ControlPlaneSettings settings) throws IOException {
        ScheduledExecutorService timers = Timers.daemon("timers");
        try {
            var controlPlane = new ControlPlane(settings, timers);
            log.info("Serving HTTP on port {}", controlPlane.port());
            return controlPlane;
        } catch (IOException e) {
            timers.shutdownNow();
            throw e;
        }
    }

    private TextResponse readiness() {
        return stopping
                ? TextResponse.line(HttpStatus.SERVICE_UNAVAILABLE_503, "stopping")
                : TextResponse.line(HttpStatus.OK_200, "ok");
    }

    private TextResponse metrics() {
        var writer = PrometheusTextFormatWriter.create();
        var text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new TextResponse(HttpStatus.OK_200, writer.getContentType(), text.toString(StandardCharsets.UTF_8));
    }

    /** Where HTTP is served: the port that the system chose for port 0. */
    public int port() {
        return server.port();
    }

    /** Where the forwards listen, in the order of the settings. */
    public List<Integer> forwardPorts() {
        return forwards.stream().map(ForwardListener::port).toList();
    }

    /**
     * Turns unready, fails the dials that wait, closes the control connections with 1001 and gives the agents
     * {@link #GOODBYE} to answer, then cuts what is left. Idempotent.
     */
    @Override
    public void close() {
        stopping = true;
        connections.close();
        revdial.awaitClosed(GOODBYE);
        forwards.forEach(ForwardListener::close);
        server.close();
        timers.shutdownNow();
    }
}
