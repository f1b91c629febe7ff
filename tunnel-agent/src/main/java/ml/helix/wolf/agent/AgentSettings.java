package ml.helix.wolf.agent;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.agent.heartbeat.Registration;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.ControlPlaneUrls;
import ml.helix.wolf.agent.transport.Destination;
import ml.helix.wolf.agent.transport.Proxy;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.program.Flag;
import ml.helix.wolf.program.Labels;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Program;
import ml.helix.wolf.program.RunnerId;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/**
 * The agent's settings, from flags and environment.
 *
 * @param controlPlanes at least one
 * @param wolfId empty if only a runner id is given
 * @param wolfWait how long the first connection waits for Wolf
 * @param allowed which requests may reach Wolf; empty for all
 * @param reconnect the longest first wait before a reconnect
 * @param listen the monitoring port's address, empty for none
 * @param drain how long running streams may go on after SIGTERM
 * @param registration what heartbeats say of this Wolf; empty if none are to be sent
 * @param json whether {@code doctor} prints JSON
 */
public record AgentSettings(
        List<Destination> controlPlanes,
        Optional<String> wolfId,
        String runnerId,
        TokenSource tokens,
        WolfAddress local,
        Duration wolfWait,
        Optional<AllowList> allowed,
        Duration reconnect,
        Optional<InetSocketAddress> listen,
        Trust trust,
        Duration drain,
        Optional<Registration> registration,
        LogSettings logs,
        boolean json) {

    private static final Flag API_URL = Flag.value(
            "api-url",
            "HELIX_API_URL",
            "",
            "The control plane's URL: https, http, wss or ws, without /api/v1/revdial. Up to 8 with commas between: the agent"
                    + " keeps a tunnel to each, with the same token.");
    private static final Flag WOLF_ID =
            Flag.value("wolf-id", "WOLF_ID", "", "This Wolf's id. The runner id is wolf- followed by it.");
    private static final Flag RUNNER_ID =
            Flag.value("runner-id", "RUNNER_ID", "", "The whole runner id, instead of -wolf-id.");
    private static final Flag TOKEN = Flag.value(
            "token",
            "RUNNER_TOKEN",
            "",
            "The runner token. Every user of the machine can read a process' flags: better use -token-file.");
    private static final Flag TOKEN_FILE = Flag.value(
            "token-file",
            "RUNNER_TOKEN_FILE",
            "",
            "A file with the runner token. A new token in it is used without a restart. Wins over -token.");
    private static final Flag LOCAL =
            Flag.value("local", "WOLF_LOCAL_ADDR", "localhost:8080", "Wolf's API: host:port or unix:///path.");
    private static final Flag WAIT = Flag.value(
            "wait",
            "WOLF_WAIT_SECONDS",
            "0",
            "How long the first connection waits for Wolf to accept connections, in seconds: until then another agent with"
                    + " this id keeps the tunnel.");
    private static final Flag ALLOW = Flag.value(
            "allow",
            "WOLF_ALLOW",
            "",
            "What may reach Wolf: GET /api/v1/apps; POST /api/v1/sessions/*. ** as the last segment stands for any rest."
                    + " Default: everything.");
    private static final Flag RECONNECT = Flag.value(
            "reconnect",
            "RECONNECT_SECONDS",
            "5",
            "The longest first wait before a reconnect, in seconds. It doubles to 60; each wait is random below it.");
    private static final Flag LISTEN = Flag.value(
            "listen", "AGENT_LISTEN", ":9797", "The address of /livez, /readyz, /metrics and /status, or off.");
    private static final Flag CA_FILE = Flag.value(
            "ca-file", "HELIX_CA_FILE", "", "A PEM file with CA certificates, trusted beside the system's roots.");
    private static final Flag INSECURE =
            Flag.toggle("insecure", "HELIX_INSECURE_TLS", "Accepts any certificate. For tests only.");
    private static final Flag PROXY = Flag.value(
            "proxy",
            "",
            "",
            "An HTTP proxy, http://user:password@host:port. Default: HTTPS_PROXY or HTTP_PROXY. NO_PROXY applies.");
    private static final Flag DRAIN =
            Flag.value("drain", "DRAIN_SECONDS", "20", "How long running streams may go on after SIGTERM, in seconds.");
    private static final Flag REGISTER = new Flag(
            "register",
            "WOLF_REGISTER",
            "true",
            "Sends heartbeats to the control plane's registry, if it has one. -register=false sends none.",
            true);
    private static final Flag MAX_SESSIONS =
            Flag.value("max-sessions", "WOLF_MAX_SESSIONS", "", "How many sessions this Wolf can have at once.");
    private static final Flag ZONE = Flag.value("zone", "WOLF_ZONE", "", "Where this Wolf runs, for example eu-1.");
    private static final Flag LABELS = Flag.value(
            "labels",
            "WOLF_LABELS",
            "",
            "This Wolf's labels in the registry: key=value,key=value, as Kubernetes' labels.");
    private static final Flag CORDON_FILE = Flag.value(
            "cordon-file",
            "WOLF_CORDON_FILE",
            "",
            "A file that says true while this node is cordoned: then the control plane sends nothing new here.");
    private static final Flag OUTPUT = Flag.value("o", "", "table", "What doctor prints: table or json.");

    /** The command line. */
    public static final Program PROGRAM = new Program(
            "tunnel-agent",
            "Connects this Wolf to a control plane by an outgoing connection.",
            Stream.of(
                            List.of(
                                    API_URL,
                                    WOLF_ID,
                                    RUNNER_ID,
                                    TOKEN,
                                    TOKEN_FILE,
                                    LOCAL,
                                    WAIT,
                                    ALLOW,
                                    RECONNECT,
                                    LISTEN),
                            List.of(CA_FILE, INSECURE, PROXY, DRAIN),
                            List.of(REGISTER, MAX_SESSIONS, ZONE, LABELS, CORDON_FILE),
                            LogSettings.FLAGS,
                            List.of(OUTPUT))
                    .flatMap(List::stream)
                    .toList(),
            Map.of(
                    "", "Runs until SIGTERM.",
                    "doctor", "Checks the way to the control plane and to Wolf, and names the step that fails.",
                    "version", "Prints the version."));

    /** @throws UsageException with all problems */
    public static AgentSettings of(Settings given, Map<String, String> environment) throws UsageException {
        List<ControlPlaneUrl> urls = given.required(API_URL)
                .map(text -> ControlPlaneUrls.parse(text, problem -> given.problem(API_URL + " " + problem)))
                .orElse(List.of());
        Optional<String> wolfId = given.text(WOLF_ID);
        Optional<String> runnerId = given.text(RUNNER_ID).or(() -> wolfId.map(id -> "wolf-" + id));
        runnerId.ifPresent(id -> checkId(given, given.text(RUNNER_ID).isPresent() ? RUNNER_ID : WOLF_ID, id));
        if (runnerId.isEmpty()) {
            given.problem(WOLF_ID + " is required, unless " + RUNNER_ID + " is given: " + WOLF_ID.help());
        }
        Optional<TokenSource> tokens = given.text(TOKEN_FILE)
                .<TokenSource>map(file -> new TokenSource.InFile(Path.of(file)))
                .or(() -> given.parsed(TOKEN, Secret::of).map(TokenSource.Fixed::new));
        if (tokens.isEmpty() && given.text(TOKEN).isEmpty()) {
            given.problem(TOKEN + " is required, unless " + TOKEN_FILE + " is given: " + TOKEN.help());
        }
        Optional<WolfAddress> local = given.parsed(LOCAL, WolfAddress::parse);
        Duration wolfWait = given.seconds(WAIT);
        Optional<AllowList> allowed = given.parsed(ALLOW, AllowList::parse);
        Duration reconnect = given.seconds(RECONNECT);
        if (given.text(RECONNECT).filter(text -> text.matches("0+")).isPresent()) {
            given.problem(RECONNECT + " must be at least 1");
        }
        Optional<InetSocketAddress> listen =
                given.parsed(LISTEN, ListenAddress::parseOrOff).flatMap(address -> address);
        boolean insecure = given.toggle(INSECURE);
        Optional<Trust> trust = given.text(CA_FILE).isPresent()
                ? given.parsed(CA_FILE, file -> Trust.of(Optional.of(Path.of(file)), insecure))
                : Optional.of(Trust.of(Optional.empty(), insecure));
        Optional<Proxy> flagged = given.parsed(PROXY, Proxy::parse);
        List<Destination> controlPlanes = urls.stream()
                .map(url -> new Destination(url, proxy(given, flagged, environment, url)))
                .toList();
        Duration drain = given.seconds(DRAIN);
        var registration = new Registration(
                given.parsed(MAX_SESSIONS, Registration::maxSessions),
                given.parsed(ZONE, Labels::checkZone),
                given.parsed(LABELS, Labels::parse).orElse(Map.of()),
                given.text(CORDON_FILE).map(Path::of));
        boolean register = given.toggle(REGISTER);
        LogSettings logs = LogSettings.of(given);
        Optional<Boolean> json = given.parsed(OUTPUT, AgentSettings::isJson);
        given.done();
        return new AgentSettings(
                controlPlanes,
                wolfId,
                runnerId.orElseThrow(),
                tokens.orElseThrow(),
                local.orElseThrow(),
                wolfWait,
                allowed,
                reconnect,
                listen,
                trust.orElseThrow(),
                drain,
                Optional.of(registration).filter(all -> register),
                logs,
                json.orElseThrow());
    }

    /** Settings that work but put the token or the streams at risk, a sentence each. */
    List<String> warnings() {
        var warnings = new ArrayList<String>();
        for (Destination controlPlane : controlPlanes) {
            if (!controlPlane.url().secure()) {
                warnings.add("-api-url " + (controlPlanes.size() == 1 ? "is http://" : "has " + controlPlane.url())
                        + ": anybody on the way can read the token and all streams; use https://");
            }
        }
        warnings.addAll(trust.warnings());
        return warnings;
    }

    private static void checkId(Settings given, Flag flag, String id) {
        try {
            RunnerId.check(id);
            if (id.startsWith(RunnerId.DOCTOR)) {
                given.problem(flag + " must not begin with " + RunnerId.DOCTOR + ": such ids are never dialled");
            }
        } catch (IllegalArgumentException e) {
            given.problem(flag + " " + e.getMessage());
        }
    }

    private static Optional<Proxy> proxy(
            Settings given, Optional<Proxy> flagged, Map<String, String> environment, ControlPlaneUrl url) {
        try {
            return Proxy.choose(flagged, environment, url);
        } catch (IllegalArgumentException e) {
            given.problem(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static boolean isJson(String text) {
        return switch (text) {
            case "table" -> false;
            case "json" -> true;
            default -> throw new IllegalArgumentException("must be table or json, not '" + text + "'");
        };
    }
}
