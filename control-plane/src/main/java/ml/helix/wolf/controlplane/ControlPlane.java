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
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
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
import ml.helix.wolf.controlplane.registry.ListRoom;
import ml.helix.wolf.controlplane.registry.RecordSync;
import ml.helix.wolf.controlplane.registry.Records;
import ml.helix.wolf.controlplane.registry.Registry;
import ml.helix.wolf.controlplane.registry.RegistryMetrics;
import ml.helix.wolf.controlplane.registry.Tunnels;
import ml.helix.wolf.controlplane.replica.DatabaseClock;
import ml.helix.wolf.controlplane.replica.LocalNews;
import ml.helix.wolf.controlplane.replica.Replicas;
import ml.helix.wolf.controlplane.revdial.OtherReplicas;
import ml.helix.wolf.controlplane.revdial.RevDialHandler;
import ml.helix.wolf.controlplane.revdial.SpareStreams;
import ml.helix.wolf.controlplane.revdial.StatsHandler;
import ml.helix.wolf.controlplane.routing.Routing;
import ml.helix.wolf.controlplane.routing.SessionTable;
import ml.helix.wolf.controlplane.store.ChangeListener;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.controlplane.store.StoreHealth;
import ml.helix.wolf.controlplane.tracing.Tracing;
import ml.helix.wolf.program.FileDescriptors;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.RunnerEvents;
import ml.helix.wolf.revdial.Stats;
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
    private final Optional<HealthServer> health;
    private final Forwards forwards;
    private final Optional<Replicas> replicas;
    private final Parts parts;
    private volatile Readiness readiness = Readiness.STARTING;

    private enum Readiness {
        STARTING,
        READY,
        STOPPING
    }

    private ControlPlane(ControlPlaneSettings settings) throws IOException {
        Tracing tracing = Tracing.to(settings.traces());
        var refusals = new Refusals(metrics);
        var admin = new AdminAccess(settings.adminTokens(), System::nanoTime);
        var runners = new RunnerAccess(
                settings.runnerTokens(), settings.issuer(), admin, refusals, System::nanoTime, InstantSource.system());

        ScheduledExecutorService timers = Timers.daemon("timers");
        var database = new Database(settings.store(), InstantSource.system());
        var records = Records.ofHeap();
        var clock = new DatabaseClock(InstantSource.system());
        var localNews = new LocalNews();
        var events = new RunnerEvents(clock, List.of(new RunnerLog(), records, localNews::event));
        var ids = DialerIds.random();
        var connections = new ConnectionManager(
                settings.gracePeriod(),
                settings.dialTimeout(),
                timers,
                System::nanoTime,
                events,
                ids,
                localNews::failed);
        replicas = replicas(settings, database, clock, ids, connections, localNews, timers);
        var traffic = new Traffic();
        var registry = new Registry(
                records,
                replicas.<Tunnels>map(all -> all).orElseGet(() -> new Tunnels.Local(connections)),
                settings.heartbeat(),
                InstantSource.system());
        var sync = new RecordSync(records, database, registry::forgettable, InstantSource.system());
        var news = new ChangeListener(database, RecordSync.CHANNEL, sync::changedElsewhere);
        RegistryMetrics.register(
                metrics,
                registry,
                () -> database.health().up(),
                () -> replicas.map(Replicas::living).orElse(1),
                () -> replicas.map(Replicas::lost).orElse(0L));
        var adminRules = new AdminRules(admin, refusals);
        var pool = new PooledDialing(
                new LocalDialing(connections.dials()),
                settings.pool(),
                PooledDialing.mostInAll(FileDescriptors.limit()),
                new PoolMetrics(metrics),
                timers,
                System::nanoTime);
        Dialing dialing =
                new MeteredDialing(pool, new DialMetrics(metrics, connections::localStats), traffic, System::nanoTime);
        var proxy = new Proxy(admin, tracing);
        var sessions = new SessionTable(database, timers, System::nanoTime);
        var routing = new Routing(
                registry::all,
                settings.routing(),
                dialing,
                settings.dialTimeout(),
                settings.heartbeat(),
                timers,
                System::nanoTime,
                sessions,
                metrics);
        var revdial = new RevDialHandler(
                runners,
                connections,
                ids,
                replicas.<OtherReplicas>map(all -> all).orElse(OtherReplicas.NONE),
                Optional.<SpareStreams>of(pool::offer).filter(any -> settings.pool() > 0),
                timers,
                System::nanoTime);
        var feed = new Feed(
                new InstanceRows(registry::all, traffic::bytes, System::nanoTime),
                Timers.daemon("page"),
                System::nanoTime);
        routes = Routes.of(
                adminRules,
                runners,
                () -> readyz(database.health()),
                this::scrape,
                new StatsHandler(
                        replicas.<Supplier<Stats>>map(all -> all::stats).orElse(connections::stats),
                        connections::localStats),
                revdial,
                new InstanceRequests(registry, sync, adminRules, InstantSource.system(), ListRoom.ofHeap()),
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
        health = settings.health().map(address -> new HealthServer(address, () -> readyz(database.health())));

        // Closed from the last to the first: readiness first, so that no new caller is sent here; the server late, so
        // that running requests have the longest time.
        parts = Parts.start(List.of(
                new Part(this::startHealth, () -> health.ifPresent(HealthServer::close)),
                new Part(database::open, database::close),
                new Part(sync::start, sync::close), // writes what the last events have changed
                new Part(news::start, news::close),
                new Part(routing::start, sessions::close),
                closing(timers::shutdownNow),
                closing(audit::close),
                closing(tracing::close),
                closing(events::close),
                new Part(this::startReplicas, () -> replicas.ifPresent(Replicas::close)),
                closing(revdial::cutData),
                new Part(server::start, server::close),
                closing(feed::close),
                new Part(forwards::start, forwards::close),
                closing(() -> revdial.awaitClosed(CLOSE_HANDSHAKE)),
                closing(pool::close),
                closing(connections::close), // fails the dials that wait, closes control connections with 1001
                closing(() -> replicas.ifPresent(all -> drain(connections, revdial, all))),
                new Part(() -> readiness = Readiness.READY, () -> readiness = Readiness.STOPPING)));
    }

    private static Optional<Replicas> replicas(
            ControlPlaneSettings settings,
            Database database,
            DatabaseClock clock,
            DialerIds ids,
            ConnectionManager connections,
            LocalNews news,
            ScheduledExecutorService timers)
            throws IOException {
        if (settings.peers().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Replicas(
                settings.peers().get(), database, clock, ids, connections, news, timers, System::nanoTime));
    }

    private void startHealth() throws IOException {
        if (health.isPresent()) {
            health.get().start();
        }
    }

    private void startReplicas() throws IOException {
        if (replicas.isPresent()) {
            replicas.get().start();
        }
    }

    private void drain(ConnectionManager connections, RevDialHandler revdial, Replicas replicas) {
        revdial.refuseControlConnections();
        replicas.drain();
        server.drain();
        new Drain(
                        connections,
                        () -> connections.dials().pending() == 0
                                && connections.dials().streams().isEmpty()
                                && replicas.joins() == 0,
                        replicas.drainTime(),
                        System::nanoTime)
                .run();
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

    /** Where health checks are served too: the port that the system chose for port 0. Empty for nowhere else. */
    Optional<Integer> healthPort() {
        return health.map(HealthServer::port);
    }

    List<Route> routes() {
        return routes;
    }

    /** Where other replicas reach this one; empty if it is the only one. */
    String peerAddress() {
        return replicas.map(Replicas::address).orElse("");
    }

    /** Does what replicas do each second: a test's clock may go faster. */
    void tickReplicas() {
        replicas.ifPresent(Replicas::tick);
    }

    /** Where the forwards listen, in the order of the settings. */
    public List<Integer> forwardPorts() {
        return forwards.ports();
    }

    /**
     * Turns unready. If there are other replicas, its agents move there first, and its streams have time to end. Then it fails
     * the dials that wait, closes the control connections with 1001, gives the agents {@link #CLOSE_HANDSHAKE} to answer, and
     * cuts the forwards and the HTTP connections. Idempotent.
     */
    @Override
    public void close() {
        parts.close();
    }
}
