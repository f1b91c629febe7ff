package ml.helix.wolf.agent;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.Proxy;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.program.Flag;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Program;
import ml.helix.wolf.program.RunnerId;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/**
 * What the agent is told.
 *
 * @param wolfId nothing where only a runner id is given
 * @param reconnect the longest first wait before a reconnect
 * @param listen where health, metrics and status are served, nothing for nowhere
 * @param drain how long running streams may go on at the end
 * @param json whether {@code doctor} answers in JSON
 */
public record AgentSettings(
        ControlPlaneUrl url,
        Optional<String> wolfId,
        String runnerId,
        TokenSource tokens,
        WolfAddress local,
        Duration reconnect,
        Optional<InetSocketAddress> listen,
        Trust trust,
        Optional<Proxy> proxy,
        Duration drain,
        LogSettings logs,
        boolean json) {

    private static final Flag API_URL = Flag.value(
            "api-url",
            "HELIX_API_URL",
            "",
            "The control plane's URL: https, http, wss or ws, without /api/v1/revdial.");
    private static final Flag WOLF_ID =
            Flag.value("wolf-id", "WOLF_ID", "", "This Wolf's id; the runner id is wolf- and this.");
    private static final Flag RUNNER_ID =
            Flag.value("runner-id", "RUNNER_ID", "", "The whole runner id, verbatim, instead of -wolf-id.");
    private static final Flag TOKEN = Flag.value(
            "token", "RUNNER_TOKEN", "", "The runner token. Others can read a process' flags: rather use a file.");
    private static final Flag TOKEN_FILE = Flag.value(
            "token-file",
            "RUNNER_TOKEN_FILE",
            "",
            "A file with the runner token, watched for a new one; goes before -token.");
    private static final Flag LOCAL =
            Flag.value("local", "WOLF_LOCAL_ADDR", "localhost:8080", "Wolf's API: host:port or unix:///path.");
    private static final Flag RECONNECT = Flag.value(
            "reconnect",
            "RECONNECT_SECONDS",
            "5",
            "Seconds, the longest first wait; then doubling to 60, at random below.");
    private static final Flag LISTEN = Flag.value(
            "listen", "AGENT_LISTEN", ":9797", "Where livez, readyz, metrics and status are served, or off.");
    private static final Flag CA_FILE = Flag.value(
            "ca-file", "HELIX_CA_FILE", "", "A file with CAs' certificates in PEM, trusted beside the system's roots.");
    private static final Flag INSECURE =
            Flag.toggle("insecure", "HELIX_INSECURE_TLS", "Believes any certificate. For tests only.");
    private static final Flag PROXY = Flag.value(
            "proxy",
            "",
            "",
            "HTTP proxy, http://user:password@host:port; else HTTPS_PROXY or HTTP_PROXY. NO_PROXY holds.");
    private static final Flag DRAIN =
            Flag.value("drain", "DRAIN_SECONDS", "20", "Seconds that running streams have to end after SIGTERM.");
    private static final Flag OUTPUT = Flag.value("o", "", "table", "How doctor answers: table or json.");

    /** The command line. */
    public static final Program PROGRAM = new Program(
            "tunnel-agent",
            "Connects this Wolf to a control plane, from the inside out.",
            Stream.of(
                            List.of(API_URL, WOLF_ID, RUNNER_ID, TOKEN, TOKEN_FILE, LOCAL, RECONNECT, LISTEN),
                            List.of(CA_FILE, INSECURE, PROXY, DRAIN),
                            LogSettings.FLAGS,
                            List.of(OUTPUT))
                    .flatMap(List::stream)
                    .toList(),
            Map.of(
                    "", "Runs until SIGTERM.",
                    "doctor", "Walks the way to the control plane and to Wolf, and says where it ends.",
                    "version", "Prints the version."));

    /** @throws UsageException with every problem */
    public static AgentSettings of(Settings given, Map<String, String> environment) throws UsageException {
        given.required(API_URL);
        Optional<ControlPlaneUrl> url = given.parsed(API_URL, ControlPlaneUrl::parse);
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
        Optional<Proxy> proxy = url.flatMap(target -> proxy(given, flagged, environment, target));
        Duration drain = given.seconds(DRAIN);
        LogSettings logs = LogSettings.of(given);
        Optional<Boolean> json = given.parsed(OUTPUT, AgentSettings::isJson);
        given.done();
        return new AgentSettings(
                url.orElseThrow(),
                wolfId,
                runnerId.orElseThrow(),
                tokens.orElseThrow(),
                local.orElseThrow(),
                reconnect,
                listen,
                trust.orElseThrow(),
                proxy,
                drain,
                logs,
                json.orElseThrow());
    }

    /** What an admin should know although the agent works, a sentence each. */
    List<String> warnings() {
        var warnings = new ArrayList<String>();
        if (!url.secure()) {
            warnings.add("-api-url is http://: whoever is on the way can read the token and all streams; use https://");
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
