package ml.helix.wolf.controlplane.revdial;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.auth.AccessToken;
import ml.helix.wolf.controlplane.auth.RunnerAccess;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.DetachedConnection;
import ml.helix.wolf.controlplane.http.PathMatch;
import ml.helix.wolf.controlplane.http.PeerChannel;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import ml.helix.wolf.controlplane.http.Query;
import ml.helix.wolf.controlplane.http.RequestFacts;
import ml.helix.wolf.controlplane.http.RouteHandler;
import ml.helix.wolf.program.RunnerId;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.ControlSender;
import ml.helix.wolf.revdial.DataKeepAlive;
import ml.helix.wolf.revdial.DialerIds;
import ml.helix.wolf.revdial.LocalDialer;
import ml.helix.wolf.revdial.RemoteAgent;
import ml.helix.wolf.revdial.Reuse;
import ml.helix.wolf.revdial.StreamLog;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.server.Handshaker;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts agents: {@code GET /api/v1/revdial?runnerid=…} opens a control connection, {@code
 * ?revdial.dialer=…&revdial.req=…} a data connection. Both need a runner token. Thread safe.
 */
public final class RevDialHandler implements RouteHandler {
    /** The same on all control connections of one process of this project's agent. */
    private static final String INSTANCE = "Wolf-Agent-Instance";

    /** Lines from an agent have 4,096 bytes at most; a frame may hold several, or a part of one. */
    private static final int MAX_CONTROL_FRAME = 64 * 1024;

    /** Jetty wants an end point for its handshake. A data connection leaves Jetty before it would be opened. */
    private static final FrameHandler NEVER_OPENED = new FrameHandler() {
        @Override
        public void onOpen(CoreSession session, Callback callback) {
            throw new IllegalStateException("a data connection is not Jetty's");
        }

        @Override
        public void onFrame(Frame frame, Callback callback) {
            throw new IllegalStateException("a data connection is not Jetty's");
        }

        @Override
        public void onError(Throwable cause, Callback callback) {
            callback.succeeded();
        }

        @Override
        public void onClosed(CloseStatus status, Callback callback) {
            callback.succeeded();
        }
    };

    private static final Logger log = LoggerFactory.getLogger(RevDialHandler.class);

    private final RunnerAccess access;
    private final ConnectionManager connections;
    private final DialerIds ids;
    private final OtherReplicas others;
    private final Optional<SpareStreams> spare;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    /** The handshake requires it, for extensions; there are none, so it is never started. */
    private final WebSocketComponents components = new WebSocketComponents(null, null, null, null, null, Runnable::run);

    private final Set<ControlEndpoint> controls = ConcurrentHashMap.newKeySet();
    private final Set<DataConnection> data = ConcurrentHashMap.newKeySet();
    private final Handshaker handshaker = Handshaker.newInstance();
    private volatile boolean draining;

    /**
     * @param ids name this replica
     * @param others get the pickups for their dials
     * @param spare gets the further streams of data connections; without it, each carries one stream
     * @param timers runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     */
    public RevDialHandler(
            RunnerAccess access,
            ConnectionManager connections,
            DialerIds ids,
            OtherReplicas others,
            Optional<SpareStreams> spare,
            ScheduledExecutorService timers,
            LongSupplier nanoTime) {
        this.access = access;
        this.connections = connections;
        this.ids = ids;
        this.others = others;
        this.spare = spare;
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    @Override
    public void handle(Request request, PathMatch path, Response response, Callback callback) throws ApiException {
        AccessToken token = access.admit(request);
        Fields query = Query.utf8Fields(request);
        @Nullable String dialerId = query.getValue("revdial.dialer");
        if (dialerId == null) {
            if (draining) {
                throw new ApiException(new ApiError(
                        HttpStatus.SERVICE_UNAVAILABLE_503,
                        "Draining",
                        "this control plane is stopping: connect to another"));
            }
            ControlEndpoint endpoint = controlEndpoint(request, token, runnerId(query));
            PeerEndPoint.beneath(request).lingerOnClose();
            upgrade(request, response, callback, endpoint, configuration -> {
                configuration.setIdleTimeout(Duration.ZERO);
                configuration.setMaxFrameSize(MAX_CONTROL_FRAME);
                configuration.setInputBufferSize(4096);
            });
        } else {
            pickUp(request, token, response, callback, dialerId, query);
        }
    }

    private void pickUp(
            Request request, AccessToken token, Response response, Callback callback, String dialerId, Fields query)
            throws ApiException {
        String requestId = Objects.requireNonNullElse(query.getValue("revdial.req"), "");
        StreamLog.ofDial(requestId).set();
        if (ids.isOwn(dialerId)) {
            refuseUnlessUp(dialerId);
            Optional<String> runnerId = connections.dials().runnerIdOf(dialerId);
            if (runnerId.isPresent()) {
                access.requireOpens(request, token, runnerId.get());
            }
            DataConnection.@Nullable Next next = next(request, dialerId);
            if (next != null) {
                response.getHeaders().put(Reuse.HEADER, Reuse.VERSION);
            }
            upgradeData(
                    request,
                    response,
                    callback,
                    stream -> connections.dials().deliver(dialerId, requestId, stream),
                    next);
            return;
        }
        OtherReplicas.Join join = others.join(dialerId, requestId);
        giveUpIfUpgradeFails(request, join);
        boolean upgraded = false;
        try {
            access.requireOpens(request, token, join.runnerId());
            upgradeData(request, response, callback, join::accept, null);
            upgraded = true;
        } finally {
            if (!upgraded) {
                join.giveUp();
            }
        }
    }

    /** The response may break off after the upgrade was prepared: then the endpoint is never opened. */
    private static void giveUpIfUpgradeFails(Request request, OtherReplicas.Join join) {
        Request.addCompletionListener(request, failure -> {
            if (failure != null) {
                join.giveUp();
            }
        });
    }

    /** @param opened gets the stream once, when it can be used; must not block */
    private void upgradeData(
            Request request,
            Response response,
            Callback callback,
            Consumer<ByteStream> opened,
            DataConnection.@Nullable Next next)
            throws ApiException {
        String promise = Objects.requireNonNullElse(request.getHeaders().get(DataKeepAlive.HEADER), "");
        boolean closeFrameRequired = isOwnAgent(request);
        response.getHeaders().put(DataKeepAlive.HEADER, DataKeepAlive.PROMISE);
        Runnable leave = () -> DetachedConnection.after(
                request, (channel, first) -> opened.accept(open(channel, first, promise, closeFrameRequired, next)));
        upgrade(request, response, Callback.from(leave, callback), NEVER_OPENED, customizer -> {});
    }

    private ByteStream open(
            PeerChannel channel,
            ByteBuffer first,
            String promise,
            boolean closeFrameRequired,
            DataConnection.@Nullable Next next) {
        var connection =
                new DataConnection(channel, first, timers, nanoTime, promise, closeFrameRequired, next, data::remove);
        data.add(connection);
        return connection.open();
    }

    /** Null unless the data connection is to carry more than one stream. */
    private DataConnection.@Nullable Next next(Request request, String dialerId) {
        if (spare.isEmpty() || !request.getHeaders().contains(Reuse.HEADER, Reuse.VERSION)) {
            return null;
        }
        SpareStreams receiver = spare.get();
        return (dialId, stream) -> connections
                .dials()
                .deliverAgain(dialerId, stream)
                .ifPresent(idle -> receiver.offer(idle.runnerId(), dialId, idle));
    }

    /** Go's agents end a stream with a bare FIN. This project's agent sends a close frame first, unless it was killed. */
    private static boolean isOwnAgent(Request request) {
        String agent = request.getHeaders().get(HttpHeader.USER_AGENT);
        return agent != null && agent.startsWith("wolf-tunnel-agent/");
    }

    /** From now on refuses control connections with 503. */
    public void refuseControlConnections() {
        draining = true;
    }

    /** Waits until all control connections have closed, at most for {@code timeout}. */
    public void awaitClosed(Duration timeout) {
        try {
            CompletableFuture.allOf(
                            controls.stream().map(ControlEndpoint::closed).toArray(CompletableFuture<?>[]::new))
                    .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            log.info("{} control connections did not close in time", controls.size());
        } catch (ExecutionException e) {
            throw new IllegalStateException("closed() never fails", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Cuts all data connections. Call it when no request can begin any more. */
    public void cutData() {
        data.forEach(DataConnection::cut);
    }

    /** A token that opens an id also opens that id's trial, {@code doctor-{id}}. */
    private ControlEndpoint controlEndpoint(Request request, AccessToken token, String runnerId) throws ApiException {
        RequestFacts.of(request).about(runnerId);
        boolean trial = runnerId.startsWith(RunnerId.DOCTOR);
        access.requireOpens(request, token, trial ? runnerId.substring(RunnerId.DOCTOR.length()) : runnerId);
        RemoteAgent agent = agent(request);
        if (trial) {
            log.info("{} tries whether it would be let in", runnerId);
        }
        Function<ControlSender, LocalDialer> register = trial
                ? control -> connections.trialConnected(runnerId, agent, control)
                : control -> connections.connected(runnerId, agent, control);
        return new ControlEndpoint(runnerId, register, timers, nanoTime, controls);
    }

    private static RemoteAgent agent(Request request) {
        String instance = Objects.requireNonNullElse(request.getHeaders().get(INSTANCE), "");
        return new RemoteAgent(
                instance.matches("[0-9a-f]{1,64}") ? instance : "",
                Request.getRemoteAddr(request),
                Request.getRemotePort(request));
    }

    private static String runnerId(Fields query) throws ApiException {
        String id = Objects.requireNonNullElse(query.getValue("runnerid"), "");
        try {
            RunnerId.check(id.startsWith(RunnerId.DOCTOR) ? id.substring(RunnerId.DOCTOR.length()) : id);
            return id;
        } catch (IllegalArgumentException e) {
            throw new ApiException(ApiError.badRequest("runnerid: it " + e.getMessage()));
        }
    }

    private void refuseUnlessUp(String dialerId) throws ApiException {
        switch (connections.dials().dialerState(dialerId)) {
            case UP -> {}
            case EXPIRED ->
                throw new ApiException(
                        new ApiError(HttpStatus.GONE_410, "Gone", "revdial.dialer: its control connection is over"));
            case UNKNOWN -> throw new ApiException(ApiError.notFound("revdial.dialer: unknown"));
        }
    }

    private void upgrade(
            Request request,
            Response response,
            Callback callback,
            FrameHandler endpoint,
            Configuration.Customizer limits)
            throws ApiException {
        if (!handshaker.upgradeRequest(new NoExtensions(endpoint), request, response, callback, components, limits)) {
            throw new ApiException(new ApiError(
                    HttpStatus.UPGRADE_REQUIRED_426, "UpgradeRequired", "this path is for WebSocket connections"));
        }
    }

    /** Accepts no extension, compression included: the bytes of a stream are often compressed already. */
    private record NoExtensions(FrameHandler endpoint) implements WebSocketNegotiator {
        @Override
        public FrameHandler negotiate(ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
            response.setExtensions(List.of());
            return endpoint;
        }
    }
}
