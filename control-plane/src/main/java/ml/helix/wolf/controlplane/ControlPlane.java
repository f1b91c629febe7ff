package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.Parts.Part.closing;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.controlplane.Parts.Part;
import ml.helix.wolf.controlplane.audit.AuditLog;
import ml.helix.wolf.controlplane.audit.RequestMetrics;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.auth.AdminRules;
import ml.helix.wolf.controlplane.auth.Refusals;
import ml.helix.wolf.controlplane.auth.RunnerAccess;
import ml.helix.wolf.controlplane.dialing.DialMetrics;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.dialing.LocalDialing;
import ml.helix.wolf.controlplane.dialing.MeteredDialing;
import ml.helix.wolf.controlplane.dialing.PoolMetrics;
import ml.helix.wolf.controlplane.dialing.PooledDialing;
import ml.helix.wolf.controlplane.dialing.RunnerLog;
import ml.helix.wolf.controlplane.dialing.Traffic;
import ml.helix.wolf.controlplane.forward.Forwards;
import ml.helix.wolf.controlplane.http.Route;
import ml.helix.wolf.controlplane.http.Router;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.controlplane.http.WebServer;
import ml.helix.wolf.controlplane.page.Feed;
import ml.helix.wolf.controlplane.page.InstanceRows;
import ml.helix.wolf.controlplane.page.LiveInstances;
import ml.helix.wolf.controlplane.page.PageFiles;
import ml.helix.wolf.controlplane.proxy.Proxy;
import ml.helix.wolf.controlplane.registry.InstanceRequests;
import ml.helix.wolf.controlplane.registry.RecordSync;
import ml.helix.wolf.controlplane.registry.Records;
import ml.helix.wolf.controlplane.registry.Registry;
import ml.helix.wolf.controlplane.registry.RegistryMetrics;
import ml.helix.wolf.controlplane.registry.Tunnels;
import ml.helix.wolf.controlplane.revdial.RevDialHandler;
import ml.helix.wolf.controlplane.routing.Routing;
import ml.helix.wolf.controlplane.store.ChangeListener;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.controlplane.store.StoreHealth;
import ml.helix.wolf.program.FileDescriptors;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.RunnerEvents;
import ml.helix.wolf.revdial.Timers;
import org.eclipse.jetty.http.HttpStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control plane: agents connect to it, callers reach their Wolfs through it. It is put together here, of parts that know
 * nothing of one another's start and end. Runs from {@link #start} until {@link #close}. Thread safe.
 */
public final class ControlPlane implements AutoCloseable {
    /** How long agents have to answer the close frame of a control plane that stops. */
    private static final Duration CLOSE_HANDSHAKE = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);

    private final PrometheusRegistry metrics = new PrometheusRegistry();
    private final List<Route> routes;
    private final WebServer server;
    private final Forwards forwards;
    private final Parts parts;
    private volatile Readiness readiness = Readiness.STARTING;

    private enum Readiness {
        STARTING,
        READY,
        STOPPING
    }

    private ControlPlane(ControlPlaneSettings settings) throws IOException {
        var refusals = new Refusals(metrics);
        var admin = new AdminAccess(settings.adminTokens(), System::nanoTime);
        var runners = new RunnerAccess(
                settings.runnerTokens(), settings.issuer(), admin, refusals, System::nanoTime, InstantSource.system());

        ScheduledExecutorService timers = Timers.daemon("timers");
        var database = new Database(settings.store(), InstantSource.system());
        var records = new Records();
        var events = new RunnerEvents(InstantSource.system(), List.of(new RunnerLog(), records));
        var connections = new ConnectionManager(
                settings.gracePeriod(),
                settings.dialTimeout(),
                timers,
                System::nanoTime,
                events,
                DialerIds.random(),
                failed -> {});
        var traffic = new Traffic();
        var registry =
                new Registry(records, new Tunnels.Local(connections), settings.heartbeat(), InstantSource.system());
        var sync = new RecordSync(records, database, registry::forgettable, InstantSource.system());
        var news = new ChangeListener(database, RecordSync.CHANNEL, sync::changedElsewhere);
        RegistryMetrics.register(metrics, registry, () -> database.health().up());
        var adminRules = new AdminRules(admin, refusals);
        var pool = new PooledDialing(
                new LocalDialing(connections),
                settings.pool(),
                PooledDialing.mostInAll(FileDescriptors.limit()),
                new PoolMetrics(metrics),
                timers,
                System::nanoTime);
        Dialing dialing =
                new MeteredDialing(pool, new DialMetrics(metrics, connections::stats), traffic, System::nanoTime);
        var proxy = new Proxy(admin);
        var routing = new Routing(
                registry::all,
                settings.routing(),
                dialing,
                settings.dialTimeout(),
                settings.heartbeat(),
                timers,
                System::nanoTime,
                metrics);
        var revdial = new RevDialHandler(runners, connections, timers, System::nanoTime);
        var feed = new Feed(
                new InstanceRows(registry::all, traffic::bytes, System::nanoTime),
                Timers.daemon("page"),
                System::nanoTime);
        routes = Routes.of(
                adminRules,
                runners,
                () -> readyz(database.health()),
                this::scrape,
                connections::stats,
                revdial,
                new InstanceRequests(registry, sync, adminRules, InstantSource.system()),
                proxy.toId(dialing),
                proxy.to(routing),
                new PageFiles(),
                new LiveInstances(feed, admin));
        server = new WebServer(
                settings.listen(),
                settings.tls(),
                fields -> admin.find(fields).isPresent() || runners.find(fields).isPresent(),
                new Router(routes));
        var audit = new AuditLog(settings.auditLog().stream(), InstantSource.system(), metrics);
        server.report(new RequestMetrics(metrics), audit);
        forwards = new Forwards(settings.forwards(), dialing);

        // Closed from the last to the first: readiness first, so that no new caller is sent here; the server late, so
        // that running requests have the longest time.
        parts = Parts.start(List.of(
                new Part(database::open, database::close),
                new Part(sync::start, sync::close), // writes what the last events have changed
                new Part(news::start, news::close),
                closing(timers::shutdownNow),
                closing(audit::close),
                closing(events::close),
                new Part(server::start, server::close),
                closing(feed::close),
                new Part(forwards::start, forwards::close),
                closing(() -> revdial.awaitClosed(CLOSE_HANDSHAKE)),
                closing(pool::close),
                closing(connections::close), // fails the dials that wait, closes control connections with 1001
                new Part(() -> readiness = Readiness.READY, () -> readiness = Readiness.STOPPING)));
    }

    /** @throws IOException if an address can't be bound, or tokens or the certificate can't be read; nothing is left running then */
    public static ControlPlane start(ControlPlaneSettings settings) throws IOException {
        var controlPlane = new ControlPlane(settings);
        log.info("Serving {} on port {}", settings.tls().isPresent() ? "HTTPS" : "HTTP", controlPlane.port());
        return controlPlane;
    }

    private TextResponse readyz(StoreHealth store) {
        return switch (readiness) {
            case STARTING -> TextResponse.line(HttpStatus.SERVICE_UNAVAILABLE_503, "starting");
            case READY ->
                TextResponse.line(
                        HttpStatus.OK_200, store.up() ? "ok" : "ok, but the store is down since " + store.since());
            case STOPPING -> TextResponse.line(HttpStatus.SERVICE_UNAVAILABLE_503, "stopping");
        };
    }

    private TextResponse scrape() {
        var writer = PrometheusTextFormatWriter.create();
        var text = new ByteArrayOutputStream();
        try {
            writer.write(text, metrics.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new TextResponse(HttpStatus.OK_200, writer.getContentType(), text.toString(StandardCharsets.UTF_8));
    }

    /** Where HTTP is served: the port that the system chose for port 0. */
    public int port() {
        return server.port();
    }

    List<Route> routes() {
        return routes;
    }

    /** Where the forwards listen, in the order of the settings. */
    public List<Integer> forwardPorts() {
        return forwards.ports();
    }

    /**
     * Turns unready, fails the dials that wait, closes the control connections with 1001, gives the agents
     * {@link #CLOSE_HANDSHAKE} to answer, then cuts the forwards and the HTTP connections. Idempotent.
     */
    @Override
    public void close() {
        parts.close();
    }
}
