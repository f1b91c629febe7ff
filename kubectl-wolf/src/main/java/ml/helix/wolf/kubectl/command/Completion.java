package ml.helix.wolf.kubectl.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.cluster.WolfTunnels;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.status.Tunnel;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import picocli.AutoComplete;
import picocli.CommandLine;

/**
 * {@code __complete}, which {@code kubectl_complete-wolf} calls: prints what may stand in place of the last argument, a line each, and
 * then {@code :4}, which tells kubectl that file names are none of it. Names come from the cluster.
 */
final class Completion {
    static final String COMMAND = "__complete";

    private static final String NO_FILES = ":4";
    private static final Set<String> OF_WOLF_TUNNELS = Set.of("status", "doctor", "wait");
    private static final Set<String> OF_INSTANCES = Set.of("drain", "undrain", "curl", "port-forward");
    private static final Set<String> WITH_A_VALUE = Set.of("-n", "--namespace", "--context", "--kubeconfig");

    private static final List<String> FORMATS = List.of("text", "json", "yaml");
    private static final Map<String, List<String>> VALUES =
            Map.of("-o", FORMATS, "--output", FORMATS, "--for", List.of("ready", "connected"));

    private Completion() {}

    /** Completes these words of {@code line}. */
    static int run(Session session, CommandLine line, List<String> words) {
        var out = session.screen().out();
        candidates(session, line, words).forEach(out::println);
        out.println(NO_FILES);
        return 0;
    }

    private static List<String> candidates(Session session, CommandLine line, List<String> words) {
        String word = words.isEmpty() ? "" : words.getLast();
        List<String> before = words.isEmpty() ? List.of() : words.subList(0, words.size() - 1);
        List<String> arguments = positional(before);
        boolean value = !before.isEmpty() && WITH_A_VALUE.contains(before.getLast());
        if (!value && !word.startsWith("-") && arguments.size() == 1) {
            if (OF_WOLF_TUNNELS.contains(arguments.getFirst())) {
                return names(session, before, word);
            } else if (OF_INSTANCES.contains(arguments.getFirst())) {
                return ids(session, before, word);
            }
        }
        List<String> values = before.isEmpty() ? List.of() : VALUES.getOrDefault(before.getLast(), List.of());
        if (!values.isEmpty()) {
            return values.stream().filter(one -> one.startsWith(word)).toList();
        }
        List<CharSequence> endings = new ArrayList<>();
        String[] all = words.isEmpty() ? new String[] {""} : words.toArray(String[]::new);
        AutoComplete.complete(line.getCommandSpec(), all, all.length - 1, word.length(), 0, endings);
        return endings.stream()
                .map(ending -> word + ending)
                .filter(candidate -> word.startsWith("-") || !candidate.startsWith("-"))
                .sorted()
                .toList();
    }

    private static List<String> positional(List<String> words) {
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            if (WITH_A_VALUE.contains(words.get(i))) {
                i++;
            } else if (!words.get(i).startsWith("-")) {
                arguments.add(words.get(i));
            }
        }
        return arguments;
    }

    private static List<String> names(Session session, List<String> words, String begin) {
        return wolfTunnels(session, words).stream()
                .map(WolfTunnel::name)
                .filter(name -> name.startsWith(begin))
                .toList();
    }

    private static List<String> ids(Session session, List<String> words, String begin) {
        return wolfTunnels(session, words).stream()
                .flatMap(one -> one.tunnels().stream())
                .map(Tunnel::runnerId)
                .filter(id -> !id.isEmpty() && id.startsWith(begin))
                .toList();
    }

    /** None if the cluster doesn't answer: a completion says no errors. */
    private static List<WolfTunnel> wolfTunnels(Session session, List<String> words) {
        var flags = new ClusterFlags();
        try {
            new CommandLine(flags).setUnmatchedArgumentsAllowed(true).parseArgs(words.toArray(String[]::new));
            try (Cluster cluster = flags.connect(session)) {
                return new WolfTunnels(cluster).list();
            }
        } catch (Failure | CommandLine.ParameterException e) {
            return List.of();
        }
    }
}
