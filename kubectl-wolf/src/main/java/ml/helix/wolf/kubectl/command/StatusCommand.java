package ml.helix.wolf.kubectl.command;

import java.util.List;
import java.util.concurrent.Callable;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.cluster.WolfTunnels;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.output.Format;
import ml.helix.wolf.kubectl.output.Screen;
import ml.helix.wolf.kubectl.status.Advice;
import ml.helix.wolf.kubectl.status.StatusJson;
import ml.helix.wolf.kubectl.status.StatusTree;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code status}. */
@Command(
        name = "status",
        sortOptions = false,
        description = "Shows WolfTunnels as a tree: each node with its tunnel's state, the reason, and what to do.")
final class StatusCommand implements Callable<Integer> {
    private final Session session;
    private final ClusterFlags clusterFlags;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "A WolfTunnel. Default: all of the namespace")
    private String name = "";

    @Option(
            names = {"-A", "--all-namespaces"},
            description = "Those of all namespaces")
    private boolean allNamespaces;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "text, json or yaml")
    private Format format = Format.text;

    StatusCommand(Session session, ClusterFlags clusterFlags) {
        this.session = session;
        this.clusterFlags = clusterFlags;
    }

    @Override
    public Integer call() throws Failure {
        if (allNamespaces && !name.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "a name and -A don't go together: give the WolfTunnel's namespace with -n");
        }
        Screen screen = session.screen();
        try (Cluster cluster = clusterFlags.connect(session)) {
            List<WolfTunnel> wolfTunnels = read(new WolfTunnels(cluster));
            var advice = Advice.ofThisBuild();
            if (format != Format.text) {
                screen.out().print(format.write(new StatusJson(advice).of(wolfTunnels)));
            } else if (wolfTunnels.isEmpty()) {
                screen.err()
                        .println("No WolfTunnels in "
                                + (allNamespaces
                                        ? "any namespace."
                                        : "namespace " + cluster.namespace() + ". -A shows all."));
            } else {
                screen.out()
                        .print(new StatusTree(
                                        advice,
                                        screen.style(),
                                        screen.columns(),
                                        session.clock().instant())
                                .of(wolfTunnels));
            }
        }
        return 0;
    }

    private List<WolfTunnel> read(WolfTunnels wolfTunnels) throws Failure {
        if (!name.isEmpty()) {
            return List.of(wolfTunnels.get(name));
        }
        return allNamespaces ? wolfTunnels.listOfAllNamespaces() : wolfTunnels.list();
    }
}
