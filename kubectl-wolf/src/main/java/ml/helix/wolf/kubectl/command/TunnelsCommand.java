package ml.helix.wolf.kubectl.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.concurrent.Callable;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.cluster.WolfTunnels;
import ml.helix.wolf.kubectl.controlplane.Instances;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.output.Format;
import ml.helix.wolf.kubectl.status.TunnelTable;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tunnels}. */
@Command(
        name = "tunnels",
        sortOptions = false,
        description =
                "Lists the tunnel of each node of all WolfTunnels, a line each; with --instances also what the control plane"
                        + " says of them.")
final class TunnelsCommand implements Callable<Integer> {
    private final Session session;
    private final ClusterFlags clusterFlags;

    @Option(
            names = {"-A", "--all-namespaces"},
            description = "Those of all namespaces")
    private boolean allNamespaces;

    @Option(
            names = "--instances",
            description =
                    "Asks the control plane too: status, sessions, streams, drain, and instances that no WolfTunnel has")
    private boolean withInstances;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "text, json or yaml")
    private Format format = Format.text;

    @Mixin
    private final ControlPlaneFlags controlPlaneFlags = new ControlPlaneFlags();

    TunnelsCommand(Session session, ClusterFlags clusterFlags) {
        this.session = session;
        this.clusterFlags = clusterFlags;
    }

    @Override
    public Integer call() throws Failure {
        TunnelTable table;
        if (withInstances) {
            List<JsonNode> instances;
            try (var opened = controlPlaneFlags.open(session, clusterFlags)) {
                instances = new Instances(opened.controlPlane()).all();
            }
            table = TunnelTable.of(wolfTunnelsIfAny(), instances);
        } else {
            table = TunnelTable.of(wolfTunnels());
        }
        var screen = session.screen();
        if (format != Format.text) {
            screen.out().print(format.write(table.json()));
        } else if (table.isEmpty()) {
            screen.err().println("No tunnels." + (allNamespaces ? "" : " -A shows those of all namespaces."));
        } else {
            screen.out().print(table.text(allNamespaces, session.clock().instant()));
        }
        return 0;
    }

    private List<WolfTunnel> wolfTunnels() throws Failure {
        try (Cluster cluster = clusterFlags.connect(session)) {
            var wolfTunnels = new WolfTunnels(cluster);
            return allNamespaces ? wolfTunnels.listOfAllNamespaces() : wolfTunnels.list();
        }
    }

    /** Who has only an admin token sees the control plane's side. */
    private List<WolfTunnel> wolfTunnelsIfAny() {
        try {
            return wolfTunnels();
        } catch (Failure e) {
            session.screen().err().println("kubectl-wolf: only what the control plane says: " + e.text());
            return List.of();
        }
    }
}
