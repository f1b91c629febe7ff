package ml.helix.wolf.kubectl.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import ml.helix.wolf.kubectl.controlplane.Instances;
import ml.helix.wolf.kubectl.controlplane.PortForward;
import ml.helix.wolf.kubectl.failure.Failure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code port-forward}. */
@Command(
        name = "port-forward",
        sortOptions = false,
        description =
                "Opens a port on 127.0.0.1 whose HTTP requests go to one Wolf through the control plane, until Ctrl-C."
                        + " Callers need no token: whoever can use this machine reaches that Wolf meanwhile.")
final class PortForwardCommand implements Callable<Integer> {
    private static final int HIGHEST = 65_535;

    private final Session session;
    private final ClusterFlags clusterFlags;

    @Parameters(index = "0", paramLabel = "ID", description = "A runner id, for example wolf-gpu-1")
    private String id = "";

    @Parameters(index = "1", paramLabel = "LOCAL", description = "The local port; 0 for a free one")
    private int local;

    @Mixin
    private final ControlPlaneFlags controlPlaneFlags = new ControlPlaneFlags();

    PortForwardCommand(Session session, ClusterFlags clusterFlags) {
        this.session = session;
        this.clusterFlags = clusterFlags;
    }

    @Override
    public Integer call() throws Failure {
        if (local < 0 || local > HIGHEST) {
            throw new Failure("a port is a number between 0 and 65535, not " + local);
        }
        var screen = session.screen();
        try (var opened = controlPlaneFlags.open(session, clusterFlags)) {
            JsonNode instance = new Instances(opened.controlPlane()).get(id);
            try (var forward = PortForward.listen(
                    local, opened.controlPlane(), id, line -> screen.err().println("kubectl-wolf: " + line))) {
                if (!instance.path("connected").asBoolean()) {
                    screen.err().println("kubectl-wolf: " + id + " is not connected now: requests fail until it is");
                }
                screen.out()
                        .println("Forwarding http://127.0.0.1:" + forward.port() + " to " + id + " through "
                                + opened.controlPlane().endpoint() + ". Ctrl-C ends it.");
                forward.run();
            }
        }
        return 0;
    }
}
