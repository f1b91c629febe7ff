package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.controlplane.auth.AccessToken;
import ml.helix.wolf.controlplane.auth.IdGlob;
import ml.helix.wolf.controlplane.auth.TokenIssuer;
import ml.helix.wolf.controlplane.auth.TokenSource;
import ml.helix.wolf.controlplane.forward.Forward;
import ml.helix.wolf.controlplane.http.CertificateFiles;
import ml.helix.wolf.controlplane.replica.PeerSettings;
import ml.helix.wolf.controlplane.routing.Strategy;
import ml.helix.wolf.controlplane.store.StorePassword;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.tracing.OtlpEndpoint;
import ml.helix.wolf.program.Flag;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Program;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/**
 * The settings of a control plane.
 *
 * @param listen where HTTP is served
 * @param health where the health checks are served too; empty for nowhere else
 * @param tls the certificate of that address; empty for HTTP without TLS
 * @param runnerTokens what agents send
 * @param issuer a cluster whose ServiceAccount tokens agents may send too
 * @param adminTokens what callers send
 * @param forwards TCP ports, each with the id that it leads to
 * @param auditLog where the audit lines go
 * @param traces where traces go; empty for none
 * @param gracePeriod how long dials wait for an id that dropped
 * @param dialTimeout the longest time for a whole dial
 * @param heartbeat how often an agent is expected to send a heartbeat
 * @param store the database
 * @param peers how the replicas reach one another; empty for one replica
 * @param routing how an instance is chosen for a request to any of them
 * @param pool how many data connections of a busy id are picked up ahead of need at most
 */
public record ControlPlaneSettings(
        InetSocketAddress listen,
        Optional<InetSocketAddress> health,
        Optional<CertificateFiles> tls,
        TokenSource runnerTokens,
        Optional<TokenIssuer> issuer,
        TokenSource adminTokens,
        List<Forward> forwards,
        AuditOutput auditLog,
        Optional<URI> traces,
        Duration gracePeriod,
        Duration dialTimeout,
        Duration heartbeat,
        StoreSettings store,
        Optional<PeerSettings> peers,
        Strategy routing,
        int pool,
        LogSettings logs) {

    /** Where audit lines go. */
    public enum AuditOutput {
        STDOUT,
        STDERR,
        OFF;

        private static AuditOutput of(String text) {
            return switch (text) {
                case "stdout" -> STDOUT;
                case "stderr" -> STDERR;
                case "off" -> OFF;
                default -> throw new IllegalArgumentException("must be stdout, stderr or off, not '" + text + "'");
            };
        }

        OutputStream stream() {
            return switch (this) {
                case STDOUT -> System.out;
                case STDERR -> System.err;
                case OFF -> OutputStream.nullOutputStream();
            };
        }
    }

    private static final Flag LISTEN =
            Flag.value("listen", "CONTROL_PLANE_LISTEN", ":8080", "Where HTTP is served: host:port or :port.");
    private static final Flag HEALTH_LISTEN = Flag.value(
            "health-listen",
            "HEALTH_LISTEN",
            "",
            "Where /livez and /readyz are served too, without TLS, host:port or :port. There a probe is answered at once, also while"
                    + " thousands of agents connect. Without it a probe waits among them.");
    private static final Flag TLS_CERT_FILE = Flag.value(
            "tls-cert-file",
            "TLS_CERT_FILE",
            "",
            "The server's certificate in PEM, with those between it and the CA. Read again when it changes. Without it,"
                    + " HTTP is served without TLS.");
    private static final Flag TLS_KEY_FILE =
            Flag.value("tls-key-file", "TLS_KEY_FILE", "", "The certificate's private key in PEM, not encrypted.");
    private static final Flag RUNNER_TOKEN_FILE = Flag.value(
            "runner-token-file",
            "RUNNER_TOKEN_FILE",
            "",
            "A file with the tokens that agents may send, read again when it changes. A line is TOKEN, or"
                    + " NAME TOKEN [ID-GLOB…]: with globs it opens only those ids. Or RUNNER_TOKEN holds the lines.");
    private static final Flag ADMIN_TOKEN_FILE = Flag.value(
            "admin-token-file",
            "ADMIN_TOKEN_FILE",
            "",
            "A file with the tokens that callers send, in the same form; or ADMIN_TOKEN holds the lines. NAME TOKEN read"
                    + " [ID-GLOB…] is a token that may look, but change nothing and reach no Wolf.");
    private static final Flag RUNNER_ISSUER = Flag.value(
            "runner-issuer",
            "RUNNER_ISSUER",
            "",
            "The issuer of a Kubernetes cluster whose ServiceAccount tokens are runner tokens too, each for the ids of its"
                    + " node: an https URL, as the tokens name it.");
    private static final Flag RUNNER_AUDIENCE = Flag.value(
            "runner-audience",
            "RUNNER_AUDIENCE",
            "",
            "The audience of these tokens. A WolfTunnel names it in runnerToken.serviceAccountToken.");
    private static final Flag RUNNER_JWKS_FILE = Flag.value(
            "runner-jwks-file",
            "RUNNER_JWKS_FILE",
            "",
            "The cluster's keys (kubectl get --raw /openid/v1/jwks), read again when they change. Without it, the issuer is"
                    + " asked.");
    private static final Flag RUNNER_ISSUER_CA_FILE = Flag.value(
            "runner-issuer-ca-file",
            "RUNNER_ISSUER_CA_FILE",
            "",
            "The CAs of the issuer's certificate, in PEM, instead of the system's.");
    private static final Flag RUNNER_ISSUER_TOKEN_FILE = Flag.value(
            "runner-issuer-token-file",
            "RUNNER_ISSUER_TOKEN_FILE",
            "",
            "A token for the issuer, where it does not tell its keys to everybody.");
    private static final Flag RUNNER_ID_PREFIX = Flag.value(
            "runner-id-prefix",
            "RUNNER_ID_PREFIX",
            "wolf-",
            "A ServiceAccount token opens the id of this and its node's name: the runnerPrefix and prefix of the"
                    + " WolfTunnel. Several are separated by commas.");
    private static final Flag RUNNER_ACCOUNTS = Flag.value(
            "runner-accounts",
            "RUNNER_ACCOUNTS",
            "*/*-tunnel-agent",
            "The ServiceAccounts whose tokens count, as namespace/name globs, separated by commas.");
    private static final Flag FORWARD = Flag.value(
            "forward",
            "CONTROL_PLANE_FORWARD",
            "",
            "TCP ports whose connections each go to one agent, without a token: 127.0.0.1:19001=wolf-gpu-1,… Without"
                    + " an address they listen on 127.0.0.1.");
    private static final Flag AUDIT_LOG = Flag.value(
            "audit-log",
            "AUDIT_LOG",
            "stdout",
            "Where a line of JSON goes for each request with an admin token: stdout, stderr or off.");
    private static final Flag OTLP_ENDPOINT = Flag.value(
            "otlp-endpoint",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "",
            "Where traces of requests to Wolfs go, by OTLP over HTTP: http://collector:4318. OpenTelemetry's other variables"
                    + " (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, …) count too. Without it there are no traces.");
    private static final Flag GRACE =
            Flag.value("grace", "GRACE_SECONDS", "30", "How long an agent that dropped is expected back, in seconds.");
    private static final Flag DIAL_TIMEOUT =
            Flag.value("dial-timeout", "DIAL_TIMEOUT_SECONDS", "30", "What a dial may take in all, in seconds.");
    private static final Flag HEARTBEAT = Flag.value(
            "heartbeat",
            "HEARTBEAT_SECONDS",
            "30",
            "How often an agent sends a heartbeat, in seconds. After two missed ones it is degraded.");
    private static final Flag STORE = Flag.value(
            "store",
            "CONTROL_PLANE_STORE",
            "jdbc:h2:file:./wolf-control-plane",
            "The database that keeps the registry: jdbc:postgresql://host:port/database, jdbc:h2:file:/path (without .mv.db), or"
                    + " jdbc:h2:mem:name, which forgets everything at the end.");
    private static final Flag STORE_USER =
            Flag.value("store-user", "CONTROL_PLANE_STORE_USER", "", "The user of the database.");
    private static final Flag STORE_PASSWORD_FILE = Flag.value(
            "store-password-file",
            "CONTROL_PLANE_STORE_PASSWORD_FILE",
            "",
            "A file with that user's password, read for each connection; or CONTROL_PLANE_STORE_PASSWORD holds it.");

    private static final Flag ROUTING = Flag.value(
            "routing",
            "CONTROL_PLANE_ROUTING",
            "least-loaded",
            "How an instance is chosen for /api/v1/wolf/{path}: least-loaded or round-robin.");

    private static final Flag POOL = Flag.value(
            "pool",
            "CONTROL_PLANE_POOL",
            "4",
            "How many data connections of a busy agent are picked up ahead of need at most, 0 to 64; 0 for none.");
    private static final Flag PEER_LISTEN = Flag.value(
            "peer-listen",
            "PEER_LISTEN",
            "",
            "For several replicas, with PostgreSQL: where this one listens for the others, host:port or :port.");
    private static final Flag PEER_ADDRESS = Flag.value(
            "peer-address",
            "PEER_ADDRESS",
            "",
            "Where the other replicas reach this one, host:port; without it the address of -peer-listen.");
    private static final Flag DRAIN = Flag.value(
            "drain",
            "DRAIN_SECONDS",
            "20",
            "How long running streams may go on when one of several replicas stops, in seconds.");

    public static final Program PROGRAM = new Program(
            "control-plane",
            "Lets callers reach Wolfs behind NAT through the tunnels that their agents keep open to it.",
            Stream.concat(
                            Stream.of(
                                    LISTEN,
                                    HEALTH_LISTEN,
                                    TLS_CERT_FILE,
                                    TLS_KEY_FILE,
                                    RUNNER_TOKEN_FILE,
                                    ADMIN_TOKEN_FILE,
                                    RUNNER_ISSUER,
                                    RUNNER_AUDIENCE,
                                    RUNNER_JWKS_FILE,
                                    RUNNER_ISSUER_CA_FILE,
                                    RUNNER_ISSUER_TOKEN_FILE,
                                    RUNNER_ID_PREFIX,
                                    RUNNER_ACCOUNTS,
                                    FORWARD,
                                    AUDIT_LOG,
                                    OTLP_ENDPOINT,
                                    GRACE,
                                    DIAL_TIMEOUT,
                                    HEARTBEAT,
                                    STORE,
                                    STORE_USER,
                                    STORE_PASSWORD_FILE,
                                    PEER_LISTEN,
                                    PEER_ADDRESS,
                                    DRAIN,
                                    ROUTING,
                                    POOL),
                            LogSettings.FLAGS.stream())
                    .toList(),
            Map.of("", "Runs.", "version", "Prints the version."));

    /** @throws UsageException with all problems at once */
    public static ControlPlaneSettings read(Settings settings, Map<String, String> environment) throws UsageException {
        Optional<InetSocketAddress> listen = settings.parsed(LISTEN, ListenAddress::parse);
        Optional<InetSocketAddress> health = settings.parsed(HEALTH_LISTEN, ListenAddress::parse);
        Optional<CertificateFiles> tls = tls(settings);
        Optional<TokenIssuer> issuer = issuer(settings);
        Optional<TokenSource> runnerTokens = tokens(settings, RUNNER_TOKEN_FILE, "RUNNER_TOKEN", environment);
        Optional<TokenSource> adminTokens = tokens(settings, ADMIN_TOKEN_FILE, "ADMIN_TOKEN", environment);
        if (runnerTokens.isPresent()
                && adminTokens.isPresent()
                && !Collections.disjoint(secrets(runnerTokens.get()), secrets(adminTokens.get()))) {
            settings.problem("a runner token and an admin token are the same: an agent could then reach every Wolf");
        }
        if (runnerTokens.map(ControlPlaneSettings::tokensOf).orElse(List.of()).stream()
                .anyMatch(AccessToken::readOnly)) {
            settings.problem("a runner token is marked read: only an admin token can be read-only");
        }
        List<Forward> forwards = settings.parsed(FORWARD, Forward::list).orElse(List.of());
        Optional<AuditOutput> auditLog = settings.parsed(AUDIT_LOG, AuditOutput::of);
        Optional<URI> traces = traces(settings, environment);
        Duration gracePeriod = settings.seconds(GRACE);
        Duration dialTimeout = settings.seconds(DIAL_TIMEOUT);
        Duration heartbeat = settings.seconds(HEARTBEAT);
        Optional<String> store = settings.parsed(STORE, StoreSettings::checkUrl);
        String storeUser = settings.text(STORE_USER).orElse("");
        StorePassword storePassword = storePassword(settings, environment);
        Optional<Strategy> routing = settings.parsed(ROUTING, Strategy::parse);
        Optional<Integer> pool = settings.parsed(POOL, ControlPlaneSettings::pool);
        Optional<PeerSettings> peers = peers(
                settings, store.map(url -> url.startsWith("jdbc:postgresql:")).orElse(true));
        LogSettings logs = LogSettings.of(settings);
        settings.done();
        return new ControlPlaneSettings(
                listen.orElseThrow(),
                health,
                tls,
                runnerTokens.orElseThrow(),
                issuer,
                adminTokens.orElseThrow(),
                forwards,
                auditLog.orElseThrow(),
                traces,
                gracePeriod,
                dialTimeout,
                heartbeat,
                new StoreSettings(store.orElseThrow(), storeUser, storePassword),
                peers,
                routing.orElseThrow(),
                pool.orElseThrow(),
                logs);
    }

    private static Optional<URI> traces(Settings settings, Map<String, String> environment) {
        try {
            return OtlpEndpoint.of(settings.parsed(OTLP_ENDPOINT, OtlpEndpoint::parse), environment);
        } catch (IllegalArgumentException e) {
            settings.problem("no traces: " + e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<CertificateFiles> tls(Settings settings) {
        Optional<Path> certificate = settings.parsed(TLS_CERT_FILE, ControlPlaneSettings::path);
        Optional<Path> key = settings.parsed(TLS_KEY_FILE, ControlPlaneSettings::path);
        if (certificate.isPresent() != key.isPresent()) {
            settings.problem(TLS_CERT_FILE + " and " + TLS_KEY_FILE + " belong together: give both, or none");
        }
        if (certificate.isEmpty() || key.isEmpty()) {
            return Optional.empty();
        }
        var files = new CertificateFiles(certificate.get(), key.get());
        try {
            files.check();
        } catch (IllegalArgumentException e) {
            settings.problem("no TLS with these files: " + e.getMessage());
        }
        return Optional.of(files);
    }

    private static Optional<TokenIssuer> issuer(Settings settings) {
        Optional<URI> issuer = settings.parsed(RUNNER_ISSUER, TokenIssuer::issuer);
        Optional<String> audience = settings.text(RUNNER_AUDIENCE);
        Optional<Path> jwks = settings.parsed(RUNNER_JWKS_FILE, ControlPlaneSettings::readable);
        Optional<Path> ca = settings.parsed(RUNNER_ISSUER_CA_FILE, ControlPlaneSettings::readable);
        Optional<Path> bearer = settings.parsed(RUNNER_ISSUER_TOKEN_FILE, ControlPlaneSettings::readable);
        Optional<List<String>> prefixes = settings.parsed(RUNNER_ID_PREFIX, TokenIssuer::idPrefixes);
        Optional<List<IdGlob>> accounts = settings.parsed(RUNNER_ACCOUNTS, TokenIssuer::accounts);
        boolean any = Stream.of(audience, jwks, ca, bearer).anyMatch(Optional::isPresent);
        if (settings.text(RUNNER_ISSUER).isEmpty() ? any : audience.isEmpty()) {
            settings.problem("ServiceAccount tokens need both " + RUNNER_ISSUER + " and " + RUNNER_AUDIENCE);
        }
        if (issuer.isEmpty() || audience.isEmpty() || prefixes.isEmpty() || accounts.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new TokenIssuer(issuer.get(), audience.get(), jwks, ca, bearer, prefixes.get(), accounts.get()));
    }

    private static Path readable(String text) {
        Path file = path(text);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("can't be read: " + file);
        }
        return file;
    }

    private static int pool(String text) {
        if (!text.matches("\\d{1,2}") || Integer.parseInt(text) > 64) {
            throw new IllegalArgumentException("must be a number from 0 to 64, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    private static Optional<TokenSource> tokens(
            Settings settings, Flag file, String variable, Map<String, String> environment) {
        if (settings.text(file).isPresent()) {
            return settings.parsed(file, ControlPlaneSettings::inFile);
        }
        String value = environment.getOrDefault(variable, "");
        if (value.isEmpty()) {
            settings.problem(file + " or " + variable + " is required: " + file.help());
            return Optional.empty();
        }
        try {
            return Optional.of(TokenSource.Fixed.of(value));
        } catch (IllegalArgumentException e) {
            settings.problem(variable + " " + e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<PeerSettings> peers(Settings settings, boolean postgres) {
        String address =
                settings.parsed(PEER_ADDRESS, PeerSettings::checkAddress).orElse("");
        Duration drain = settings.seconds(DRAIN);
        if (settings.text(PEER_LISTEN).isEmpty()) {
            if (!address.isEmpty()) {
                settings.problem(PEER_ADDRESS + " needs " + PEER_LISTEN + ": " + PEER_LISTEN.help());
            }
            return Optional.empty();
        }
        Optional<PeerSettings> peers = settings.parsed(PEER_LISTEN, ListenAddress::parse)
                .map(listen -> new PeerSettings(listen, address, drain));
        if (!postgres) {
            settings.problem(PEER_LISTEN + " needs -store jdbc:postgresql://…, which all replicas share");
        }
        if (peers.isPresent() && !peers.get().isReachable()) {
            settings.problem(
                    PEER_ADDRESS + " is required, since " + PEER_LISTEN + " names no address: " + PEER_ADDRESS.help());
        }
        return peers;
    }

    private static StorePassword storePassword(Settings settings, Map<String, String> environment) {
        if (settings.text(STORE_PASSWORD_FILE).isPresent()) {
            return settings.parsed(STORE_PASSWORD_FILE, ControlPlaneSettings::passwordFile)
                    .orElse(new StorePassword.None());
        }
        String value = environment.getOrDefault("CONTROL_PLANE_STORE_PASSWORD", "");
        try {
            return value.isEmpty() ? new StorePassword.None() : new StorePassword.Fixed(Secret.of(value));
        } catch (IllegalArgumentException e) {
            settings.problem("CONTROL_PLANE_STORE_PASSWORD " + e.getMessage());
            return new StorePassword.None();
        }
    }

    private static StorePassword passwordFile(String path) {
        var file = new StorePassword.InFile(path(path));
        try {
            file.read();
            return file;
        } catch (IOException e) {
            throw new IllegalArgumentException("can't be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("names a file that " + e.getMessage(), e);
        }
    }

    private static TokenSource inFile(String path) {
        var file = new TokenSource.InFile(path(path));
        secrets(file);
        return file;
    }

    private static List<Secret> secrets(TokenSource source) {
        return tokensOf(source).stream().map(AccessToken::secret).toList();
    }

    private static List<AccessToken> tokensOf(TokenSource source) {
        try {
            return source.read();
        } catch (IOException e) {
            throw new IllegalArgumentException("can't be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("names a file that " + e.getMessage(), e);
        }
    }

    private static Path path(String path) {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("can't be read: " + path, e);
        }
    }
}
