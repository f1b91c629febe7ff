package ml.helix.wolf.operator;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.program.Flag;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Program;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/**
 * The operator's settings.
 *
 * @param agentImage for WolfTunnels that name none
 * @param namespaces to watch; empty for all
 * @param listen address for health and metrics; empty to serve none
 * @param notices address for the agents' notices; empty to take none
 */
public record OperatorSettings(
        String agentImage,
        Set<String> namespaces,
        boolean leaderElection,
        Optional<InetSocketAddress> listen,
        Optional<InetSocketAddress> notices,
        LogSettings logs) {

    private static final Flag AGENT_IMAGE =
            Flag.value("agent-image", "AGENT_IMAGE", "", "The agents' image for WolfTunnels that name none.");
    private static final Flag NAMESPACES = Flag.value(
            "watch-namespaces",
            "WATCH_NAMESPACES",
            "",
            "The namespaces to watch, separated by commas; all when absent.");
    private static final Flag LEADER_ELECTION = Flag.value(
            "leader-election",
            "LEADER_ELECTION",
            "",
            "Whether the replicas elect one that works: true or false; true in a cluster when absent.");
    private static final Flag LISTEN = Flag.value(
            "listen", "OPERATOR_LISTEN", ":8080", "Where to serve /livez, /readyz and /metrics; off to serve none.");

    private static final Flag NOTICES = Flag.value(
            "notices",
            "OPERATOR_NOTICES",
            "off",
            "Where agents say that their Wolf has changed, so that they are asked at once: this pod's own IP and a port, as agents"
                    + " reach it. With off, a change waits for the next poll.");

    static final Program PROGRAM = new Program(
            "operator",
            "Runs and watches the agents of WolfTunnels in a Kubernetes cluster.",
            Stream.concat(
                            Stream.of(AGENT_IMAGE, NAMESPACES, LEADER_ELECTION, LISTEN, NOTICES),
                            LogSettings.FLAGS.stream())
                    .toList(),
            Map.of("", "runs the operator", "version", "prints the version"));

    public OperatorSettings {
        namespaces = Set.copyOf(namespaces);
    }

    /** @throws UsageException that names every problem at once */
    static OperatorSettings of(Settings settings, Map<String, String> environment) throws UsageException {
        var read = new OperatorSettings(
                settings.required(AGENT_IMAGE).orElse(""),
                settings.parsed(NAMESPACES, OperatorSettings::namespaces).orElse(Set.of()),
                settings.text(LEADER_ELECTION).isPresent()
                        ? settings.toggle(LEADER_ELECTION)
                        : environment.containsKey("KUBERNETES_SERVICE_HOST"),
                settings.parsed(LISTEN, ListenAddress::parseOrOff).flatMap(address -> address),
                settings.parsed(NOTICES, OperatorSettings::ownAddress).flatMap(address -> address),
                LogSettings.of(settings));
        settings.done();
        return read;
    }

    private static Optional<InetSocketAddress> ownAddress(String text) {
        var address = ListenAddress.parseOrOff(text);
        if (address.filter(each -> each.getAddress().isAnyLocalAddress()).isPresent()) {
            throw new IllegalArgumentException(
                    "must name the IP at which agents reach this operator, $(POD_IP):8081 in a cluster, not '" + text
                            + "'");
        }
        return address;
    }

    private static Set<String> namespaces(String list) {
        var names = Stream.of(list.split(",")).map(String::strip).collect(Collectors.toSet());
        names.stream()
                .filter(name -> !name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"))
                .findAny()
                .ifPresent(bad -> {
                    throw new IllegalArgumentException("names no namespace: '" + bad + "'");
                });
        return names;
    }
}
