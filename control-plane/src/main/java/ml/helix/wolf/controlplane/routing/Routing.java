package ml.helix.wolf.controlplane.routing;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ml.helix.wolf.controlplane.auth.AccessToken;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import ml.helix.wolf.controlplane.proxy.Destinations;
import ml.helix.wolf.controlplane.registry.Instance;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * {@code ANY /api/v1/wolf/{path}}: finds the instance for each request. Expects that the caller is already authorized, and
 * chooses among the instances that its token opens. Thread safe.
 */
public final class Routing implements Destinations.Selection {
    static final String ZONE = "X-Wolf-Zone";
    static final String SESSION = "X-Wolf-Session";
    static final String INSTANCE = "X-Wolf-Instance";
    static final int LONGEST_SESSION = 256;

    /** RFC 9110, section 9.2.1: they begin no session. */
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

    private final Balancer balancer;
    private final Dialing dialing;
    private final Duration dialTimeout;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final SessionTable sessions;
    private final RoutingMetrics metrics;

    /**
     * @param instances as they are now
     * @param dialTimeout for all dials of one request together
     * @param timers runs short tasks only
     * @param nanoTime the clock that {@code timers} goes by
     * @param sessions where the replicas agree about sessions
     */
    public Routing(
            Supplier<List<Instance>> instances,
            Strategy strategy,
            Dialing dialing,
            Duration dialTimeout,
            Duration heartbeatInterval,
            ScheduledExecutorService timers,
            LongSupplier nanoTime,
            SessionTable sessions,
            PrometheusRegistry metrics) {
        this.balancer = new Balancer(instances, strategy, heartbeatInterval, sessions, InstantSource.system());
        this.sessions = sessions;
        this.dialing = dialing;
        this.dialTimeout = dialTimeout;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.metrics = new RoutingMetrics(metrics, balancer::sessions);
    }

    /** From now on hears what other replicas do with sessions. */
    public void start() {
        sessions.start(balancer::moved);
    }

    @Override
    public Destinations of(Request request, PathMatch path) throws ApiException {
        AccessToken token = AccessToken.admitted(request)
                .orElseThrow(() -> new IllegalStateException("the route admits no request without a token"));
        HttpFields fields = request.getHeaders();
        Optional<String> zone = Optional.ofNullable(fields.get(ZONE)).filter(value -> !value.isEmpty());
        var asked = new Balancer.Asked(zone, session(fields, token), !SAFE.contains(request.getMethod()), token::opens);
        var dialer = new Tries.Dialer(dialing, dialTimeout, timers, nanoTime, nanoTime.getAsLong());
        return new Tries(balancer, asked, dialer, metrics);
    }

    /** Callers whose tokens open different ids can't share a session: it would move back and forth. */
    private static @Nullable String session(HttpFields fields, AccessToken token) throws ApiException {
        String session = fields.get(SESSION);
        if (session == null || session.isEmpty()) {
            return null;
        }
        if (session.length() > LONGEST_SESSION) {
            throw new ApiException(
                    ApiError.badRequest(SESSION + ": it may have " + LONGEST_SESSION + " characters at most"));
        }
        return hash(token.opensAll() ? session : session + "\n" + token.ids());
    }

    /** Names of sessions may be secrets of their callers; and this has one length. */
    private static String hash(String session) {
        try {
            byte[] bytes = session.getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
